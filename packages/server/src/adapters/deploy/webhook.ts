/**
 * Any program: it is told of the certificate by HTTP POST, signed as Standard Webhooks 1.0 describes, and installs it itself. Nothing comes
 * back but that it was taken: whether it is served is seen by probing.
 *
 * @module
 */
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { deployAdapter, type CertificatePair } from '../../ports/deploy.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import { checkPair } from '@evercert/pair-files/pair'
import { createStepLog } from '@evercert/pair-files/step-log'
import { brief, postJson, secretUrl, type JsonAnswer } from '../kit/post-json.ts'
import { signedHeaders, signingSecretSetting } from '../kit/standard-webhook.ts'

const webhookConfig = z.object({
  url: secretUrl('Where the document is posted; https, unless it stays within the machine'),
  secret: signingSecretSetting,
  sendPrivateKey: z
    .boolean()
    .default(false)
    .describe('Send the private key along; otherwise the receiver has it, or fetches it by itself'),
})
type WebhookConfig = z.infer<typeof webhookConfig>

export const webhook = deployAdapter<WebhookConfig>({
  kind: 'deploy',
  id: 'webhook',
  title: 'Webhook (Standard Webhooks)',
  apiDocs: 'https://www.standardwebhooks.com/',
  config: webhookConfig.refine(
    ({ url, sendPrivateKey }) => !sendPrivateKey || /^https:|^http:\/\/(127\.|localhost[:/]|\[::1\])/.test(url),
    'a private key is sent by https alone',
  ),
  getsKeys: ({ sendPrivateKey }) => sendPrivateKey,
  create: (config, kit) => ({
    inspect: () => Promise.resolve({ sha256: null }), // nobody can be asked
    apply: async (pair) => {
      checkPair(pair)
      const log = createStepLog(kit.now, kit.onLogLine)
      log.say(await send(kit, config, { type: 'certificate.deploy', id: pair.sha256, data: toData(config, pair) }))
      return { changed: true, previousSha256: null, reloaded: false, log: log.lines }
    },
    restore: async (refused, previous) => {
      const log = createStepLog(kit.now, kit.onLogLine)
      const data = { refusedSha256: refused, previous: previous === null ? null : toData(config, previous) }
      log.say(await send(kit, config, { type: 'certificate.restore', id: refused, data }))
      return { changed: true, sha256: previous?.sha256 ?? null, reloaded: false, log: log.lines }
    },
  }),
})

function toData({ sendPrivateKey }: WebhookConfig, { sha256, chainPem, privateKeyPem }: CertificatePair) {
  return { sha256, chainPem, ...(sendPrivateKey && { privateKeyPem }) }
}

interface Message {
  readonly type: 'certificate.deploy' | 'certificate.restore'
  /** SHA-256 of the leaf that it is about. */
  readonly id: string
  readonly data: object
}

async function send(kit: AdapterKit, { url, secret }: WebhookConfig, { type, id, data }: Message): Promise<string> {
  const what = 'Sending to the webhook'
  const body = JSON.stringify({ type, timestamp: new Date(kit.now()).toISOString(), data })
  const headers = signedHeaders({ id: `${type}:${id}`, secret, body, now: kit.now() })
  const answer = await postJson(kit, { what, url, body, headers, signal: undefined })
  refuse(what, answer)
  return `The receiver took ${type} of ${id.slice(0, 16)}… (HTTP ${answer.status}).`
}

function refuse(what: string, { status, text }: JsonAnswer): void {
  if (status >= 200 && status < 300) return
  const said = `${what}: the receiver answers ${status}`
  if (status === 401 || status === 403) {
    throw new AppError('credentialsRejected', `${said}: correct the address or the signing secret of the target.`)
  }
  if (status === 409 || status === 422) throw new AppError('deployRefused', `${said}: ${brief(text)}: correct what it names.`)
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new AppError('upstreamUnavailable', `${said}: it is tried again later.`)
  }
  throw new AppError('misconfigured', `${said}: correct the settings of the target.`)
}
