import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { startHttpReceiver, type HttpReceiver, type Reply } from '../../../../test/harness/http-receiver.ts'
import { webhook } from '../../src/adapters/deploy/webhook.ts'
import type { CertificatePair, DeployTarget } from '../../src/ports/deploy.ts'
import { deployContract, type DeployHarness } from './deploy-contract.ts'
import { aStageSite, targetOf } from './deploy-sites.ts'
import { createNotifyKits } from './notify-kit.ts'
import { isSigned } from './webhook-signature.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const issue = () => createChain().issue({ names: ['site.test'] })
const kits = createNotifyKits()
let receiver: HttpReceiver
let reply: Reply
beforeEach(async () => {
  reply = { status: 204 }
  receiver = await startHttpReceiver(() => reply)
})
afterEach(() => receiver.close())
afterAll(() => kits.close())

function target(wish: Readonly<Record<string, unknown>> = {}): DeployTarget {
  return webhook.create(webhook.config.parse({ url: `${receiver.url}/secret-path`, secret: SECRET, ...wish }), kits.kit)
}

const sent = () => {
  const request = receiver.requests.at(-1)
  if (request === undefined) throw new Error('nothing was sent')
  expect(isSigned(request, SECRET)).toBe(true)
  return request
}

/** A receiver that installs what it is sent into the files of a real nginx, and answers what it did. */
deployContract('webhook', async (): Promise<DeployHarness> => {
  const { server, settings, reload, harness } = await aStageSite('nginx')
  const files = targetOf('nginx', { ...settings, testCommand: server.testCommand, reloadCommand: [reload] })
  const installer = await startHttpReceiver(async (request): Promise<Reply> => {
    if (!isSigned(request, SECRET)) return { status: 401 }
    const { type, data } = JSON.parse(request.body) as {
      readonly type: string
      readonly data: CertificatePair & { readonly refusedSha256: string }
    }
    try {
      const evidence = type === 'certificate.deploy' ? await files.apply(data) : await files.restore(data.refusedSha256, null)
      return { status: 200, body: JSON.stringify(evidence) }
    } catch (error) {
      const { code, message } = error as { readonly code: string; readonly message: string }
      return { status: 422, body: JSON.stringify({ rolledBack: code === 'rolledBack', detail: message.split('\n').at(-1) }) }
    }
  })
  const config = webhook.config.parse({ url: `${installer.url}/hook`, secret: SECRET, sendPrivateKey: true })
  return {
    reloadsItself: true,
    ...harness,
    inspectThere: () => files.inspect(),
    target: webhook.create(config, kits.kit),
    close: async () => {
      await installer.close()
      await harness.close()
    },
  }
})

test('what a receiver answers is believed only in the shape that is agreed on', async () => {
  for (const body of ['taken', '{"changed":"no","previousSha256":"x"}', '[]', '{"previousSha256":"../etc"}']) {
    reply = { status: 200, body }
    expect(await target().apply(issue())).toMatchObject({ changed: true, previousSha256: null, reloaded: false })
  }
})

test('the chain is sent, signed, under the same id each time, and the private key is not', async () => {
  const pair = issue()
  expect(await target().apply(pair)).toMatchObject({ changed: true, reloaded: false })
  const { body, headers } = sent()
  expect(JSON.parse(body)).toMatchObject({
    type: 'certificate.deploy',
    data: { sha256: pair.sha256, chainPem: pair.chainPem },
  })
  expect(body).not.toContain('PRIVATE KEY')
  await target().apply(pair)
  expect(sent().headers['webhook-id']).toBe(headers['webhook-id'])
})

test('the id is of the delivery: of this deployment and this step, the same at each try', async () => {
  const pair = issue()
  const idOf = async (delivery: string, step: 'apply' | 'restore' = 'apply'): Promise<unknown> => {
    const one = webhook.create(webhook.config.parse({ url: receiver.url, secret: SECRET }), { ...kits.kit, delivery })
    await (step === 'apply' ? one.apply(pair) : one.restore(pair.sha256, null))
    return sent().headers['webhook-id']
  }
  const ids = [await idOf('one'), await idOf('other'), await idOf('one:2'), await idOf('one', 'restore')]
  expect(new Set(ids).size).toBe(4)
  expect(await idOf('one')).toBe(ids[0])
})

test('the private key goes along when it is asked for, and then by https alone, or within the machine', async () => {
  const pair = issue()
  await target({ sendPrivateKey: true }).apply(pair)
  expect(JSON.parse(sent().body)).toMatchObject({ data: { privateKeyPem: pair.privateKeyPem } })
  const settings = { url: 'http://receiver.example/hook', secret: SECRET, sendPrivateKey: true }
  expect(webhook.config.safeParse(settings).success).toBe(false)
  expect(webhook.config.safeParse({ ...settings, url: 'https://receiver.example/hook' }).success).toBe(true)
})

test('restore tells which is refused and what was there before', async () => {
  const [refused, previous] = [issue(), issue()]
  expect(await target().restore(refused.sha256, previous)).toMatchObject({ changed: true, sha256: previous.sha256 })
  expect(JSON.parse(sent().body)).toMatchObject({
    type: 'certificate.restore',
    data: { refusedSha256: refused.sha256, previous: { sha256: previous.sha256 } },
  })
})

test.each([
  [401, 'credentialsRejected'],
  [404, 'misconfigured'],
  [422, 'deployRefused'],
  [429, 'upstreamUnavailable'],
  [503, 'upstreamUnavailable'],
])('HTTP %i is %s, and the secret path is not told', async (status, code) => {
  reply = { status, body: 'no' }
  const error: unknown = await target()
    .apply(issue())
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code })
  expect(String(error)).not.toContain('secret-path')
})
