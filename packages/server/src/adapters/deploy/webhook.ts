/**
 * Any program: it is told of the certificate by HTTP POST, signed as Standard Webhooks 1.0 describes, and installs it itself. It may answer what it did; whether
 * it is served is seen by probing.
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
    host: new URL(config.url).origin,
    inspect: () => Promise.resolve({ sha256: null, isUnknown: true }), // nobody can be asked
    apply: async (pair) => {
      checkPair(pair)
      const log = createStepLog(kit.now, kit.onLogLine)
      const data = toData(config, pair)
      const { said, line } = await send(kit, config, { type: 'certificate.deploy', id: pair.sha256, data })
      log.say(line)
      const { changed = true, previousSha256 = null, reloaded = false } = said
      return { changed, previousSha256, reloaded, log: log.lines }
    },
    restore: async (refused, previous) => {
      const log = createStepLog(kit.now, kit.onLogLine)
      const data = { refusedSha256: refused, previous: previous === null ? null : toData(config, previous) }
      const { said, line } = await send(kit, config, { type: 'certificate.restore', id: refused, data })
      log.say(line)
      const { changed = true, sha256 = previous?.sha256 ?? null, reloaded = false } = said
      return { changed, sha256, reloaded, log: log.lines }
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

const fingerprint = z.string().regex(/^[0-9a-f]{64}$/)
/** What a receiver may answer as JSON; anything else is a text. */
const saidByReceiver = z.object({
  changed: z.boolean().optional(),
  reloaded: z.boolean().optional(),
  previousSha256: fingerprint.nullable().optional(),
  sha256: fingerprint.nullable().optional(),
  rolledBack: z.boolean().optional(),
  detail: z.string().optional(),
})
type Said = z.infer<typeof saidByReceiver>

function readSaid(text: string): Said {
  try {
    return saidByReceiver.catch({}).parse(JSON.parse(text))
  } catch {
    return {}
  }
}

interface Taken {
  readonly said: Said
  /** For the log. */
  readonly line: string
}

async function send(kit: AdapterKit, { url, secret }: WebhookConfig, { type, id, data }: Message): Promise<Taken> {
  const what = 'Sending to the webhook'
  const body = JSON.stringify({ type, timestamp: new Date(kit.now()).toISOString(), data })
  const headers = signedHeaders({ id: `${type}:${kit.delivery ?? id}`, secret, body, now: kit.now() })
  const answer = await postJson(kit, { what, url, body, headers, signal: undefined })
  const said = readSaid(answer.text)
  refuse(what, answer, said)
  return { said, line: `The receiver took ${type} of ${id.slice(0, 16)}… (HTTP ${answer.status}).` }
}

function refuse(what: string, { status, text }: JsonAnswer, { rolledBack, detail }: Said): void {
  if (status >= 200 && status < 300) return
  const said = `${what}: the receiver answers ${status}`
  if (status === 401 || status === 403) {
    throw new AppError('credentialsRejected', `${said}: correct the address or the signing secret of the target.`)
  }
  if (status === 409 || status === 422) {
    const code = rolledBack === true ? 'rolledBack' : 'deployRefused'
    throw new AppError(code, `${said}: ${brief(detail ?? text)}: correct what it names.`)
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    throw new AppError('upstreamUnavailable', `${said}: it is tried again later.`)
  }
  throw new AppError('misconfigured', `${said}: correct the settings of the target.`)
}
