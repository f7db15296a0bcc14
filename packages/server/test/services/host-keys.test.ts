/**
 * Certificates whose key an agent makes on its host: each application, by hand or by itself, asks for a new one. Agents as the wire sees
 * them: the real one, with its crashes, is in test/e2e and in its own package.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createClient, type Client } from '@evercert/contract/client'
import type { AgentCsrWork, AgentStatement, AgentWork, CertificateDetail } from '@evercert/contract'
import { createCsr, generateKey, toPem } from '@evercert/pki'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import {
  aForm,
  anAccount,
  aSite,
  buyCertificate,
  PRIVATE_SINGLE,
  PUBLIC_SINGLE,
  refusalOf,
  withKey,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const HOST = { agent: 'web1', site: 'shop' } as const
const LIMIT = { amountMinor: 10_000, currency: 'CNY' }

interface Host {
  readonly id: string
  readonly client: Client
  report(work: AgentWork, said: Partial<AgentStatement>): Promise<boolean>
}

async function csrPemFor(domains: readonly string[]): Promise<string> {
  const key = await generateKey('p256')
  return toPem(await createCsr({ key, names: domains, commonName: domains[0] ?? null }), 'CERTIFICATE REQUEST')
}

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let host: Host
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
  })
  beforeEach(async () => {
    clock.moveTo(DEFAULT_START)
    account = await anAccount(service)
    host = await enrol()
  })
  afterAll(() => service.stop())

  const advance = (id: string): Promise<void> => advanceCertificate(service.services, id, new AbortController().signal)
  const read = (id: string): Promise<CertificateDetail> => account.client.certificates.get({ id })

  async function enrol(): Promise<Host> {
    const { token } = await account.client.agents.createEnrolment({ name: HOST.agent })
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const credential = `evca_${randomBytes(32).toString('base64url')}`
    const client = createClient({ url: service.url, token: credential })
    const { id } = await client.agents.enrol({
      token,
      publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      credentialSha256: createHash('sha256').update(credential).digest('hex'),
      hostName: 'web1.internal',
      version: '0.1.0',
    })
    const report: Host['report'] = async (work, said) => {
      const statement = JSON.stringify({
        workId: work.id,
        lease: work.lease,
        at: new Date().toISOString(),
        outcome: 'refused',
        problem: null,
        install: null,
        restore: null,
        log: [],
        ...said,
      })
      const signature = sign(null, Buffer.from(statement), privateKey).toString('base64url')
      return (await client.agents.report({ statement, signature })).taken
    }
    return { id, client, report }
  }

  async function takeCsr(of = host): Promise<AgentCsrWork> {
    const { work } = await of.client.agents.poll({})
    if (work?.kind !== 'csr') throw new Error(`no CSR was asked for, but ${work?.kind ?? 'nothing'}`)
    return work
  }

  const answer = async (work: AgentCsrWork): Promise<boolean> =>
    host.report(work, { outcome: 'csrMade', csrPem: await csrPemFor(work.domains) })

  /** Bought, applied for with a key on the host, answered, issued. */
  async function issue(productId = PRIVATE_SINGLE): Promise<CertificateDetail> {
    const { id } = await buyCertificate(account, { productId })
    await account.client.applications.submit({ id, ...aForm([aSite(service)], { hostKey: HOST }) })
    await advance(id)
    await answer(await takeCsr())
    await advance(id)
    return read(id)
  }

  const spkiOf = async (id: string): Promise<string> => {
    const { items } = await account.client.csrs.list()
    const own = items.filter(({ usedByCertificateId }) => usedByCertificateId === id)
    expect(own[0]).toMatchObject({ agentId: host.id, hasKey: false })
    return own[0]?.spkiSha256 ?? ''
  }

  test('an application asks the agent for the CSR of a new key, once, and goes on with it', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    const site = aSite(service)
    await account.client.applications.submit({ id, ...aForm([site], { hostKey: HOST, key: 'p384' }) })
    await Promise.all([advance(id), advance(id)])
    expect(await read(id)).toMatchObject({ status: 'pendingValidation', nextStep: { code: 'awaitHostKey', mover: 'evercert' } })
    const first = await takeCsr()
    expect(first).toMatchObject({ kind: 'csr', site: 'shop', domains: [site], key: 'p384' })
    expect(Object.keys(first).toSorted()).toEqual(['domains', 'id', 'key', 'kind', 'lease', 'site'])
    // The agent died before it reported: it is given the same again, and reports once.
    const second = await takeCsr()
    expect([second.id, second.lease === first.lease]).toEqual([first.id, false])
    const csrPem = await csrPemFor(second.domains)
    expect((await refusalOf(host.report(first, { outcome: 'csrMade', csrPem }))).code).toBe('conflict')
    expect(await host.report(second, { outcome: 'csrMade', csrPem })).toBe(true)
    expect(await host.report(second, { outcome: 'csrMade', csrPem })).toBe(false)
    await advance(id)
    expect(await read(id)).toMatchObject({ status: 'issued' })
    expect((await host.client.agents.poll({})).work).toBeNull()
    const { work } = await account.client.agents.get({ id: host.id })
    expect(work).toMatchObject([{ kind: 'csr', certificateId: id, targetName: null, report: { outcome: 'csrMade' } }])
  })

  test('a managed certificate renews by itself with a new key from the host, which gets the certificate without a key', async () => {
    const old = await issue()
    await account.client.targets.create({ certificateId: old.id, name: 'web1-shop', kind: 'agent', config: HOST })
    await advance(old.id)
    const installed = (await host.client.agents.poll({})).work
    expect(installed).toMatchObject({ kind: 'install', sha256: old.sha256, privateKeyPem: null })
    const done = { changed: true, previousSha256: null, reloaded: true, log: ['2026-01-01T00:00:00.000Z installed'] }
    if (installed !== null) await host.report(installed, { outcome: 'installed', install: done })
    await advance(old.id)

    const { management } = await account.client.management.start({ id: old.id, spendingLimit: LIMIT })
    clock.moveTo(Date.parse(management?.at ?? ''))
    await advance(old.id)
    const newId = (await read(old.id)).renewedByCertificateId ?? ''
    await advance(newId)
    const asked = await takeCsr()
    expect(asked).toMatchObject({ site: 'shop', domains: old.domains })
    await answer(asked)
    await advance(newId)
    const renewed = await read(newId)
    expect(renewed).toMatchObject({ status: 'issued', managed: true })
    expect(await spkiOf(newId)).not.toBe(await spkiOf(old.id))
    const { work } = await host.client.agents.poll({})
    expect(work).toMatchObject({ kind: 'install', site: 'shop', sha256: renewed.sha256, privateKeyPem: null })
  })

  test('what was made by "evercert-agent csr" is reissued by itself with a new key of the same host', async () => {
    const { id } = await buyCertificate(account, { productId: PUBLIC_SINGLE })
    const site = aSite(service)
    const { id: csrId } = await host.client.agents.storeCsr({ site: 'shop', csrPem: await csrPemFor([site]) })
    await account.client.applications.submit({ id, ...aForm([site], { csrId }) })
    await advance(id)
    const old = await read(id)
    const managed = await account.client.management.start({ id, spendingLimit: LIMIT })
    expect(managed.management?.nextAction).toBe('reissue')
    clock.moveTo(Date.parse(managed.management?.at ?? ''))
    await advance(id)
    expect(await read(id)).toMatchObject({ status: expect.stringMatching(/issued|expiringSoon/) as string, sha256: old.sha256 })
    await answer(await takeCsr())
    await advance(id)
    const again = await read(id)
    expect([again.sha256 === old.sha256, again.management?.problem]).toEqual([false, null])
  })

  test('a renewal by hand, and a reissue by hand, start with a form that asks the same host', async () => {
    const old = await issue()
    expect((await account.client.applications.get({ id: old.id })).form).toMatchObject({ hostKey: HOST, csrId: null })
    clock.moveTo(Date.parse(old.notAfter ?? '') - 12 * 86_400_000)
    const order = await account.client.orders.place({ renewsCertificateId: old.id }, withKey())
    const { certificateId } = await account.client.orders.pay({ id: order.id }, withKey())
    const id = certificateId ?? ''
    const { form } = await account.client.applications.get({ id })
    expect(form).toMatchObject({ hostKey: HOST, domains: old.domains })
    await account.client.applications.submit({ id, ...form })
    await advance(id)
    await answer(await takeCsr())
    await advance(id)
    expect(await read(id)).toMatchObject({
      status: 'issued',
      issuances: [{ isCurrent: true, key: { place: 'host', agent: HOST.agent, site: HOST.site } }],
    })
  })

  test('while the agent is away nothing fails: the next step says so in both languages, and it goes on when it is back', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    await account.client.applications.submit({ id, ...aForm([aSite(service)], { hostKey: HOST }) })
    await advance(id)
    for (let days = 1; days <= 5; days += 1) {
      clock.advance(86_400_000)
      await advance(id)
    }
    const away = await read(id)
    expect(away).toMatchObject({ status: 'pendingValidation', nextStep: { code: 'startAgent', mover: 'user' } })
    expect(away.nextStep.text.en).toContain('evercert-agent on the host of web1')
    expect(away.nextStep.text.zh).toMatch(/启动代理 web1.*最近在线/)
    const { problem } = await account.client.applications.get({ id })
    expect(problem).toMatchObject({
      code: 'agentAway',
      detail: expect.stringContaining('Waiting for agent web1 to make a key') as string,
    })
    await answer(await takeCsr())
    await advance(id)
    expect((await read(id)).status).toBe('issued')
  })

  test('what the agent says against it, a CSR for other names and a key of before are told, and asked for anew', async () => {
    const used = await csrPemFor(['used.example.com'])
    await host.client.agents.storeCsr({ site: 'shop', csrPem: used })
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    const site = aSite(service)
    await account.client.applications.submit({ id, ...aForm([site], { hostKey: HOST }) })
    const fails = async (said: Partial<AgentStatement>, why: string): Promise<void> => {
      await advance(id)
      await host.report(await takeCsr(), said)
      await advance(id)
      const { nextStep } = await read(id)
      expect(nextStep).toMatchObject({ code: 'mendHostKey', mover: 'user', text: { en: expect.stringContaining(why) as string } })
      clock.advance(3_600_000)
    }
    await fails({ outcome: 'refused', problem: 'its configuration has no site shop' }, 'no site shop')
    await fails({ outcome: 'csrMade', csrPem: await csrPemFor(['other.example.com']) }, 'other.example.com')
    await fails({ outcome: 'csrMade', csrPem: 'no CSR' }, 'no PEM block')
    const stored = await csrPemFor([site])
    await host.client.agents.storeCsr({ site: 'shop', csrPem: stored })
    await fails({ outcome: 'csrMade', csrPem: stored }, 'used before')
    await advance(id)
    await answer(await takeCsr())
    await advance(id)
    expect((await read(id)).status).toBe('issued')
  })

  test('a withdrawn application calls the work off; a revoked agent is said, and one of its name that is enrolled anew is asked', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    const form = aForm([aSite(service)], { hostKey: HOST })
    await account.client.applications.submit({ id, ...form })
    await advance(id)
    expect(await account.client.applications.get({ id })).toMatchObject({ problem: { code: 'agentAway' } })
    expect(await account.client.applications.withdraw({ id })).toMatchObject({ state: 'withdrawn', problem: null, retryAt: null })
    expect((await host.client.agents.poll({})).work).toBeNull()
    await account.client.applications.submit({ id, ...form })
    await advance(id)
    await account.client.agents.revoke({ id: host.id })
    await advance(id)
    expect((await read(id)).nextStep.text.en).toContain('no active agent of this name')
    host = await enrol()
    clock.advance(3_600_000)
    await advance(id)
    await answer(await takeCsr())
    await advance(id)
    expect((await read(id)).status).toBe('issued')
  })

  test('no form has a key of an agent that there is not, of a site that it does not have, or two keys', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    const submit = (wish: object) => refusalOf(account.client.applications.submit({ id, ...aForm([aSite(service)], wish) }))
    expect(await submit({ hostKey: { ...HOST, agent: 'web9' } })).toMatchObject({ code: 'invalid' })
    expect(await submit({ hostKey: HOST, csrPem: await csrPemFor(['a.example.com']) })).toMatchObject({ code: 'invalid' })
    const found = { certificatePath: '/etc/a.pem', sha256: null, notAfter: null, domains: [], problem: 'missing' as const }
    const sites = [{ name: 'other', server: 'nginx', ...found }]
    await host.client.agents.observe({ hostName: 'web1', version: '0.1.0', sites, findings: [] })
    expect(await submit({ hostKey: HOST })).toMatchObject({
      code: 'invalid',
      detail: expect.stringContaining('no site shop') as string,
    })
    const stranger = await anAccount(service)
    const theirs = await buyCertificate(stranger, { productId: PRIVATE_SINGLE })
    const foreign = stranger.client.applications.submit({ id: theirs.id, ...aForm([aSite(service)], { hostKey: HOST }) })
    expect((await refusalOf(foreign)).code).toBe('invalid')
  })
})
