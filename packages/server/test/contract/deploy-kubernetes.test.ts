import { X509Certificate, createPrivateKey } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { kubernetes } from '../../src/adapters/deploy/kubernetes.ts'
import type { DeployTarget } from '../../src/ports/deploy.ts'
import { deployContract } from './deploy-contract.ts'
import { startKubernetes, type KubernetesFixture } from './kubernetes-fixture.ts'
import { createNotifyKits } from './notify-kit.ts'

const authority = createChain()
const issue = () => authority.issue({ names: ['site.test'] })
const NAME = 'site-tls'
const kits = createNotifyKits()

let api: KubernetesFixture
beforeAll(async () => {
  api = await startKubernetes()
})
beforeEach(() => {
  api.secrets.clear()
  api.log.length = 0
})
afterAll(async () => {
  await api.close()
  await kits.close()
})

function target(wish: Readonly<Record<string, unknown>> = {}): DeployTarget {
  const settings = { apiServer: api.url, caPem: api.caPem, token: api.token, namespace: api.namespace, secretName: NAME, ...wish }
  return kubernetes.create(kubernetes.config.parse(settings), kits.kit)
}

function held(from = api): string {
  const { data = {} } = from.secrets.get(NAME) ?? {}
  const leaf = new X509Certificate(Buffer.from(data['tls.crt'] ?? '', 'base64'))
  const key = createPrivateKey(Buffer.from(data['tls.key'] ?? '', 'base64'))
  expect(leaf.checkPrivateKey(key)).toBe(true)
  return leaf.fingerprint256.replaceAll(':', '').toLowerCase()
}

test('a Secret that is missing is made, with its type', async () => {
  const pair = issue()
  expect(await target().inspect()).toEqual({ sha256: null })
  expect(await target().apply(pair)).toMatchObject({ changed: true, previousSha256: null })
  expect(held()).toBe(pair.sha256)
  expect(api.secrets.get(NAME)?.type).toBe('kubernetes.io/tls')
  expect(await target().inspect()).toEqual({ sha256: pair.sha256 })
})

test('one that is there keeps its labels and other entries, and the same pair changes nothing', async () => {
  const [old, next] = [issue(), issue()]
  await target().apply(old)
  const there = api.secrets.get(NAME)
  if (there === undefined) throw new Error('no Secret')
  const metadata = { ...there.metadata, labels: { team: 'shop' }, annotations: { note: 'kept' } }
  api.secrets.set(NAME, { ...there, metadata, data: { ...there.data, 'ca.crt': 'Y2E=' } })
  expect(await target().apply(next)).toMatchObject({ changed: true, previousSha256: old.sha256 })
  expect(held()).toBe(next.sha256)
  expect(api.secrets.get(NAME)).toMatchObject({ metadata: { labels: { team: 'shop' }, annotations: { note: 'kept' } } })
  expect(api.secrets.get(NAME)?.data['ca.crt']).toBe('Y2E=')
  const version = api.secrets.get(NAME)?.metadata.resourceVersion
  expect(await target().apply(next)).toMatchObject({ changed: false })
  expect(api.secrets.get(NAME)?.metadata.resourceVersion).toBe(version)
})

test('a change by somebody else in between is not overwritten, and the next try sees it', async () => {
  const [old, next] = [issue(), issue()]
  await target().apply(old)
  api.interfere = () => api.touch(NAME)
  await expect(target().apply(next)).rejects.toMatchObject({ code: 'conflict' })
  expect(held()).toBe(old.sha256)
  expect(await target().apply(next)).toMatchObject({ changed: true })
  expect(held()).toBe(next.sha256)
})

test('restore puts the previous pair back, once, and only if the refused one is there', async () => {
  const [old, next] = [issue(), issue()]
  await target().apply(old)
  await target().apply(next)
  await expect(target().restore(next.sha256, null)).rejects.toMatchObject({ code: 'deployRefused' })
  expect(await target().restore(next.sha256, old)).toMatchObject({ changed: true, sha256: old.sha256 })
  expect(held()).toBe(old.sha256)
  expect(await target().restore(next.sha256, old)).toMatchObject({ changed: false, sha256: old.sha256 })
})

test('a wrong token, a missing namespace and an immutable Secret are told apart', async () => {
  await expect(target({ token: 'wrong' }).apply(issue())).rejects.toMatchObject({ code: 'credentialsRejected' })
  await expect(target({ namespace: 'elsewhere' }).apply(issue())).rejects.toMatchObject({ code: 'misconfigured' })
  await target().apply(issue())
  const there = api.secrets.get(NAME)
  if (there !== undefined) api.secrets.set(NAME, { ...there, immutable: true } as typeof there)
  await expect(target().apply(issue())).rejects.toMatchObject({ code: 'deployRefused' })
})

test('an API server that is away, at a forbidden address or not trusted is an error of its own, without the token', async () => {
  const away = await target({ apiServer: 'https://127.0.0.1:1' })
    .apply(issue())
    .catch((error: unknown) => error)
  expect(away).toMatchObject({ code: 'upstreamUnavailable' })
  expect(String(away)).not.toContain(api.token)
  const { token, url: apiServer, caPem } = api
  const settings = kubernetes.config.parse({ apiServer, caPem, token, namespace: api.namespace, secretName: NAME })
  await expect(kubernetes.create(settings, kits.strict).inspect()).rejects.toMatchObject({ code: 'addressForbidden' })
  await expect(target({ caPem: undefined }).inspect()).rejects.toMatchObject({ code: 'upstreamUnavailable' })
  expect(api.log).toEqual([])
})

test('a pair that does not match is refused before anything is asked', async () => {
  const [one, other] = [issue(), issue()]
  await expect(target().apply({ ...one, privateKeyPem: other.privateKeyPem })).rejects.toMatchObject({ code: 'deployRefused' })
  expect(api.log).toEqual([])
})

// The fixture holds what a cluster would; a webhook's receiver is not asked what it has, so that the suite does not fit it.
deployContract('kubernetes', async () => {
  const own = await startKubernetes()
  const { caPem, token, namespace } = own
  const settings = { apiServer: own.url, caPem, token, namespace, secretName: NAME }
  const made = kubernetes.create(kubernetes.config.parse(settings), kits.kit)
  await made.apply(issue())
  const nothing = () => {}
  return {
    target: made,
    hasNoCommands: true,
    issue,
    served: () => Promise.resolve([held(own)]),
    breakConfiguration: nothing,
    breakReload: nothing,
    mend: nothing,
    countReloads: () => 0,
    snapshot: () => JSON.stringify([...own.secrets]),
    close: () => own.close(),
  }
})
