import { request } from 'node:http'
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createClient, type Client } from '@evercert/contract/client'
import { contract, type AgentPairWork, type AgentStatement, type AgentWork, type TargetView } from '@evercert/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCsr, generateKey, toPem } from '@evercert/pki'
import {
  aForm,
  anAccount,
  anIssuedCertificate,
  aSite,
  buyCertificate,
  obtain,
  PRIVATE_SINGLE,
  refusalOf,
  type TestAccount,
} from '../support/builders.ts'
import { openerOf } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

let service: TestService
let account: TestAccount
let stranger: TestAccount
let certificateId: string
beforeAll(async () => {
  service = await startTestService({ database: await openerOf('embedded')() })
  ;[account, stranger] = [await anAccount(service), await anAccount(service)]
  certificateId = (await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })).id
})
afterAll(() => service.stop())

interface Host {
  readonly id: string
  readonly credential: string
  readonly client: Client
  report(work: AgentWork, said?: Partial<AgentStatement>): Promise<boolean>
}

const facts = { hostName: 'web1.internal', version: '0.1.0' }
let count = 0

function aHostKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const credential = `evca_${randomBytes(32).toString('base64url')}`
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  return { privateKey, credential, enrolling: { publicKeyPem, credentialSha256: sha256(credential), ...facts } }
}
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** An agent as the wire sees it: the real one is a process of its own, in test/e2e. */
async function aHost(name = `host-${++count}`, owner = account): Promise<Host & { readonly name: string }> {
  const { token } = await owner.client.agents.createEnrolment({ name })
  const { privateKey, credential, enrolling } = aHostKey()
  const client = createClient({ url: service.url, token: credential })
  const { id } = await client.agents.enrol({ token, ...enrolling })
  return {
    id,
    name,
    credential,
    client,
    report: async (work, said = {}) => {
      const install = { changed: true, previousSha256: null, reloaded: true, log: ['2026-01-01T00:00:00.000Z installed'] }
      const statement = JSON.stringify({
        workId: work.id,
        lease: work.lease,
        at: new Date().toISOString(),
        outcome: 'installed',
        problem: null,
        install,
        restore: null,
        log: [],
        ...said,
      })
      const signature = sign(null, Buffer.from(statement), privateKey).toString('base64url')
      return (await client.agents.report({ statement, signature })).taken
    },
  }
}

const addTarget = (host: { readonly name: string }, config: object = {}): Promise<TargetView> =>
  account.client.targets.create({
    certificateId,
    name: `target-${++count}`,
    kind: 'agent',
    config: { agent: host.name, site: 'shop', ...config },
  })

const deploymentOf = async (id: string) =>
  (await account.client.targets.list()).items.find((each) => each.id === id)?.deployment ?? null

const reach = (id: string, state: string) =>
  waitFor(`${id} ${state}`, async () => {
    const deployment = await deploymentOf(id)
    return deployment?.state === state ? deployment : null
  })

const take = async (host: Host): Promise<AgentPairWork> => {
  const work = await waitFor('work', async () => (await host.client.agents.poll({ waitSeconds: 5 })).work)
  if (work.kind === 'csr') throw new Error('a CSR was asked for')
  return work
}

describe('enrolment', () => {
  test('a token is good for one host, which may repeat it; the command pins the program that it fetches', async () => {
    const { token, command } = await account.client.agents.createEnrolment({ name: 'once' })
    const program = Buffer.from(await (await service.fetch('/agent/evercert-agent.cjs')).arrayBuffer())
    expect(command).toContain(createHash('sha256').update(program).digest('hex'))
    expect(command).not.toContain('\n')
    const [first, second] = [aHostKey(), aHostKey()]
    const made = await service.clientOf('').agents.enrol({ token, ...first.enrolling })
    expect(await service.clientOf('').agents.enrol({ token, ...first.enrolling })).toEqual(made)
    expect((await refusalOf(service.clientOf('').agents.enrol({ token, ...second.enrolling }))).code).toBe('linkInvalid')
    expect((await refusalOf(account.client.agents.createEnrolment({ name: 'once' }))).code).toBe('duplicateName')
    // Over plain http from elsewhere the agent would refuse to be enrolled.
    const { port } = new URL(service.url)
    const elsewhere = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${account.token}`, 'content-type': 'application/json', host: 'evercert.example' }
      const sent = request(
        { host: '127.0.0.1', port, path: '/api/v1/agents/enrolments', method: 'POST', headers },
        (response) => {
          let text = ''
          response
            .on('data', (chunk: Buffer) => (text += chunk.toString()))
            .on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        },
      )
      sent.on('error', reject).end(JSON.stringify({ name: 'plain' }))
    })
    expect(elsewhere).toMatchObject({ status: 422, text: expect.stringContaining('misconfigured') as string })
  })

  test('one that waits is listed without its token, and once withdrawn lets nobody in', async () => {
    const owner = await anAccount(service)
    const [kept, withdrawn] = [
      await owner.client.agents.createEnrolment({ name: 'kept' }),
      await owner.client.agents.createEnrolment({ name: 'withdrawn', validMinutes: 5 }),
    ]
    const used = await owner.client.agents.createEnrolment({ name: 'used' })
    await service.clientOf('').agents.enrol({ token: used.token, ...aHostKey().enrolling })
    const { items } = await owner.client.agents.listEnrolments()
    expect(items).toMatchObject([
      { id: withdrawn.id, name: 'withdrawn', createdBy: 'test', expiresAt: withdrawn.expiresAt },
      { id: kept.id, name: 'kept' },
    ])
    expect(JSON.stringify(items)).not.toContain(kept.token)
    expect((await stranger.client.agents.listEnrolments()).items).toEqual([])
    expect((await refusalOf(stranger.client.agents.withdrawEnrolment({ id: kept.id }))).code).toBe('notFound')

    expect(await owner.client.agents.withdrawEnrolment({ id: withdrawn.id })).toMatchObject({ name: 'withdrawn' })
    for (const { id } of [withdrawn, used])
      expect((await refusalOf(owner.client.agents.withdrawEnrolment({ id }))).code).toBe('notFound')
    const late = await refusalOf(service.clientOf('').agents.enrol({ token: withdrawn.token, ...aHostKey().enrolling }))
    expect(late).toMatchObject({ code: 'linkInvalid', detail: expect.stringContaining('withdrawn') as string })
    const lines = (await service.client.audit.list({ installation: true, action: 'agents.withdrawEnrolment', limit: 200 })).items
    expect(lines.find(({ subjectId }) => subjectId === withdrawn.id)).toMatchObject({ actor: 'test', outcome: 'done' })

    service.clock.advance(5 * 60_000)
    expect((await owner.client.agents.listEnrolments()).items.map(({ name }) => name)).toEqual(['kept'])
    service.clock.advance(26 * 60_000)
    expect((await owner.client.agents.listEnrolments()).items).toEqual([])
    await service
      .clientOf('')
      .agents.enrol({ token: kept.token, ...aHostKey().enrolling })
      .catch(() => {})
    expect((await owner.client.agents.list()).items.map(({ name }) => name)).toEqual(['used'])
  })

  test('nobody who may not say where keys go takes the place of a host that is given them', async () => {
    const { token } = await account.client.tokens.create({ name: 'deploys', scopes: ['targets:read', 'targets:write'] })
    const deployer = service.clientOf(token)
    const name = `given-keys-${++count}`
    const ahead = await deployer.agents.createEnrolment({ name, validMinutes: 1_440 }) // no target can name it yet
    const host = await aHost(name)
    const { id } = await addTarget(host)
    expect((await take(host)).privateKeyPem).toContain('PRIVATE KEY')
    await deployer.agents.revoke({ id: host.id })
    await reach(id, 'failed')
    expect((await refusalOf(deployer.agents.createEnrolment({ name }))).facts).toEqual({ scope: 'installation:operate' })
    const late = service.clientOf('').agents.enrol({ token: ahead.token, ...aHostKey().enrolling })
    expect((await refusalOf(late)).code).toBe('linkInvalid')
    const anew = await aHost(name)
    await deployer.targets.deploy({ id })
    expect((await take(anew)).privateKeyPem).toContain('PRIVATE KEY')
  })

  test('a token ends, and another key than Ed25519 is refused', async () => {
    const { token } = await account.client.agents.createEnrolment({ name: 'late', validMinutes: 1 })
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const host = aHostKey()
    const other = service.clientOf('').agents.enrol({ token, ...host.enrolling, publicKeyPem })
    expect((await refusalOf(other)).code).toBe('badKey')
    service.clock.advance(61_000)
    expect((await refusalOf(service.clientOf('').agents.enrol({ token, ...host.enrolling }))).code).toBe('linkInvalid')
  })

  test('an agent may call what is for agents and nothing else, and nobody else may call that', async () => {
    const host = await aHost()
    for (const [group, members] of Object.entries(contract)) {
      for (const [member, procedure] of Object.entries(members)) {
        const { route, meta } = procedure['~orpc']
        if (meta.operation?.isOpen === true) continue
        const isForAgents = meta.operation?.isForAgents === true
        const token = isForAgents ? account.token : host.credential
        const method = route.method ?? 'POST'
        const response = await service.fetch(`/api/v1${(route.path ?? '').replaceAll(/\{\w+\}/g, host.id)}`, {
          method,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'k' },
          ...(method === 'POST' && { body: '{}' }),
        })
        expect([`${group}.${member}`, response.status]).toEqual([`${group}.${member}`, 403])
      }
    }
    expect((await refusalOf(createClient({ url: service.url, token: host.credential }).certificates.list({}))).code).toBe(
      'forbidden',
    )
    expect((await refusalOf(account.client.agents.poll({}))).code).toBe('forbidden')
    expect((await service.fetch('/metrics', { headers: { authorization: `Bearer ${host.credential}` } })).status).toBe(403)
  })

  test('another account neither sees nor revokes it, and cannot have it deploy', async () => {
    const host = await aHost()
    expect((await stranger.client.agents.list()).items).toEqual([])
    expect((await refusalOf(stranger.client.agents.get({ id: host.id }))).code).toBe('notFound')
    expect((await refusalOf(stranger.client.agents.revoke({ id: host.id }))).code).toBe('notFound')
    const theirs = await anIssuedCertificate(stranger, { productId: PRIVATE_SINGLE })
    const config = { agent: host.name, site: 'shop' }
    const wish = { certificateId: theirs.id, name: 'theirs', kind: 'agent', config }
    expect((await refusalOf(stranger.client.targets.create(wish))).code).toBe('invalid')
  })
})

describe('work', () => {
  test('waits with its reason, is given again until it is reported, and is taken once, signed and under its last lease', async () => {
    const host = await aHost()
    const asked = host.client.agents.poll({ waitSeconds: 20 })
    const { id } = await addTarget(host)
    const first = (await asked).work
    if (first === null) throw new Error('the agent that waited was not woken')
    if (first.kind === 'csr') throw new Error('a CSR was asked for')
    expect(first).toMatchObject({ kind: 'install', site: 'shop' })
    expect(first.privateKeyPem).toContain('PRIVATE KEY')
    await waitFor('the reason', async () => (await deploymentOf(id))?.problem ?? null)
    const waiting = await deploymentOf(id)
    expect(waiting?.advice?.cause.en).toContain('or waits until the agent asks')
    service.clock.advance(5 * 60_000 + 1_000)
    const { problem, advice } = await reach(id, 'failed')
    expect(advice?.cause.en).toContain('has not done the work in time')
    expect(problem).toContain('did not take the work within 5 minutes')
    expect((await host.client.agents.poll({})).work).toBeNull()
  })

  test('a revoked agent is unknown at once, also while it waits, and what it was to do fails', async () => {
    const host = await aHost()
    const { id } = await addTarget(host)
    await take(host)
    const waiting = refusalOf(
      (async () => {
        for (;;) if ((await host.client.agents.poll({ waitSeconds: 20 })).work === null) return
      })(),
    )
    expect(await account.client.agents.revoke({ id: host.id })).toMatchObject({ state: 'revoked', openWork: 0 })
    expect((await waiting).code).toBe('unauthenticated')
    expect(await reach(id, 'failed')).toMatchObject({ problem: expect.stringContaining('no active agent') as string })
    expect((await account.client.agents.revoke({ id: host.id })).state).toBe('revoked')
  })

  test('a site that the agent told it does not have is refused when the target is added', async () => {
    const host = await aHost()
    const found = { certificatePath: '/etc/tls/a.pem', sha256: null, notAfter: null, domains: [], problem: 'missing' as const }
    await host.client.agents.observe({
      ...facts,
      hostName: 'renamed',
      sites: [{ name: 'other', server: 'nginx', ...found }],
      findings: [],
    })
    const refusal = await refusalOf(addTarget(host))
    expect([refusal.code, refusal.detail.includes('other')]).toEqual(['invalid', true])
    expect(await account.client.agents.get({ id: host.id })).toMatchObject({
      hostName: 'renamed',
      siteCount: 1,
      sites: [{ name: 'other', ...found }],
    })
  })
})

test('the CSR of a key on a host is stored once, is of the account of its agent, and its certificate is installed without a key from here', async () => {
  const host = await aHost()
  const name = aSite(service)
  const csrPemOf = async () => {
    const key = await generateKey('p256')
    return toPem(await createCsr({ key, names: [name], commonName: name }), 'CERTIFICATE REQUEST')
  }
  const csrPem = await csrPemOf()
  const stored = await host.client.agents.storeCsr({ site: 'shop', csrPem })
  expect(await host.client.agents.storeCsr({ site: 'shop', csrPem })).toEqual(stored)
  expect((await refusalOf(stranger.client.csrs.get({ id: stored.id }))).code).toBe('notFound')
  expect(await account.client.csrs.get({ id: stored.id })).toMatchObject({ hasKey: false, agentId: host.id })
  for (let count = 1; count < 20; count += 1) await host.client.agents.storeCsr({ site: 'shop', csrPem: await csrPemOf() })
  expect((await refusalOf(host.client.agents.storeCsr({ site: 'shop', csrPem: await csrPemOf() }))).code).toBe('conflict')

  const bought = await buyCertificate(account, { productId: PRIVATE_SINGLE })
  const { id } = await obtain(account, bought.id, aForm([name], { csrId: stored.id }))
  const config = { agent: host.name, site: 'shop' }
  await account.client.targets.create({ certificateId: id, name: `target-${++count}`, kind: 'agent', config })
  const work = await take(host)
  expect(work.privateKeyPem).toBeNull()
  expect(work.chainPem).toContain('BEGIN CERTIFICATE')
})
