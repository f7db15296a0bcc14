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
    const waiting = await waitFor('the reason', async () => {
      const deployment = await deploymentOf(id)
      return deployment?.problem === null ? null : deployment
    })
    expect(waiting).toMatchObject({
      state: 'planned',
      problem: expect.stringContaining(`Waiting for agent ${host.name}`) as string,
      advice: { cause: { en: expect.stringContaining('or waits until the agent asks') as string } },
    })
    const second = await take(host)
    expect([second.id, second.lease === first.lease]).toEqual([first.id, false])
    expect((await refusalOf(host.report(first))).code).toBe('conflict')
    const other = await aHost()
    expect((await refusalOf(other.report(second))).code).toBe('notFound')
    const forged = host.client.agents.report({ statement: JSON.stringify({}), signature: 'AAAA' })
    expect((await refusalOf(forged)).code).toBe('invalid')
    expect(await host.report(second)).toBe(true)
    expect(await host.report(second)).toBe(false)
    const applied = await reach(id, 'applied')
    expect(applied.log.at(-1)).toContain('installed')
    const { history } = await account.client.certificates.get({ id: certificateId })
    const states = history.filter(({ subjectId }) => subjectId === first.id).map(({ to, actor }) => [to, actor])
    expect(states).toEqual([
      ['reported', `agent ${host.name}`],
      ['leased', `agent ${host.name}`],
      ['queued', 'evercert'],
    ])
  })

  test('lines that an agent tells are shown at once, once, and the report adds the rest; an old lease and another agent tell nothing', async () => {
    const host = await aHost()
    const { id } = await addTarget(host)
    const old = await take(host)
    const lineOf = (text: string) => `2026-01-01T00:00:00.000Z ${text}`
    const tell = (from: number, lines: readonly string[], { id: workId, lease }: AgentPairWork = work, by = host) =>
      by.client.agents.log({ workId, lease, from, lines: lines.map(lineOf) })
    const ownLines = async () => ((await deploymentOf(id))?.log ?? []).filter((line) => line.startsWith('2026-01-01'))
    let work = old
    expect(await tell(0, ['begun'])).toEqual({ told: 1 })
    work = await take(host) // it died, and begins anew
    expect(await tell(0, ['late'], old)).toEqual({ told: 0 })
    expect(await tell(0, ['one', 'two'])).toEqual({ told: 2 })
    expect(await tell(1, ['two', 'three'])).toEqual({ told: 3 }) // its answer was lost
    expect(await tell(7, ['out of turn'])).toEqual({ told: 3 })
    expect((await refusalOf(tell(0, ['strange'], work, await aHost()))).code).toBe('notFound')
    const shown = ['one', 'two', 'three'].map(lineOf) // what it said before it died is signed by nobody
    expect(await ownLines()).toEqual(shown)
    const log = ['one', 'two', 'three', 'four'].map(lineOf)
    await host.report(work, { install: { changed: true, previousSha256: null, reloaded: true, log } })
    await reach(id, 'applied')
    expect(await ownLines()).toEqual([...shown, lineOf('four')])
    expect(await tell(4, ['after the report'])).toEqual({ told: 3 })
    const { log: recorded } = await reach(id, 'applied')
    expect(new Set(recorded).size).toBe(recorded.length)
  })

  test('that an agent took keeps its target from being deleted, until it is reported or the agent is revoked; nothing unsigned stays', async () => {
    const host = await aHost()
    const { id } = await addTarget(host)
    const work = await take(host)
    const line = '2026-01-01T00:00:00.000Z Swapped in.'
    await host.client.agents.log({ workId: work.id, lease: work.lease, from: 0, lines: [line] })
    const { log, id: deploymentId } = (await deploymentOf(id)) ?? { log: [], id: '' }
    expect(log).toContain(line)
    const refusal = await refusalOf(account.client.targets.remove({ id }))
    expect(refusal).toMatchObject({
      status: 409,
      code: 'deploymentUnderWay',
      detail: expect.stringContaining(deploymentId) as string,
    })
    expect(refusal.detail).toContain(`agent ${host.name} took the work`)
    await account.client.agents.revoke({ id: host.id })
    expect((await reach(id, 'failed')).log).not.toContain(line)
    await account.client.targets.remove({ id })
    expect(await deploymentOf(id)).toBeNull()
    const { history } = await account.client.certificates.get({ id: certificateId })
    expect(history.find(({ subjectId }) => subjectId === id)).toMatchObject({ to: 'removed' })
  })

  test('that somebody asks for anew says so to an agent that knows it; one of before has the order as ever, and its log says what to do', async () => {
    const host = await aHost()
    /** As the agent itself asks. */
    const takeKnowing = (knows: string) =>
      waitFor('the work', async () => {
        const headers = {
          authorization: `Bearer ${host.credential}`,
          'content-type': 'application/json',
          'evercert-agent-knows': knows,
        }
        const answer = await service.fetch('/api/v1/agents/poll', { method: 'POST', headers, body: '{"waitSeconds":5}' })
        return ((await answer.json()) as { work: AgentPairWork | null }).work
      })
    const { id } = await addTarget(host)
    expect(await takeKnowing('again')).not.toHaveProperty('again')
    await host.report(await take(host))
    await reach(id, 'applied')
    await account.client.targets.deploy({ id })
    expect(await takeKnowing('other, again')).toMatchObject({ kind: 'install', again: true })
    const asOfBefore = await take(host)
    expect(Object.keys(asOfBefore).toSorted()).toEqual(['chainPem', 'id', 'kind', 'lease', 'privateKeyPem', 'sha256', 'site'])
    const { sha256: previousSha256 } = asOfBefore
    await host.report(asOfBefore, { install: { changed: false, previousSha256, reloaded: false, log: [] } })
    expect((await reach(id, 'applied')).log.at(-1)).toContain('the agent is of an earlier version')
    // What failed, and is asked for anew, too; a try of Evercert's own is none.
    const failed = { outcome: 'failed', problem: 'it broke', install: null } as const
    await account.client.targets.deploy({ id })
    await host.report(await takeKnowing('again'), failed)
    await reach(id, 'failed')
    await account.client.targets.deploy({ id })
    const last = await takeKnowing('again')
    expect(last.again).toBe(true)
    await host.report(last, { install: { changed: false, previousSha256, reloaded: true, log: [] } })
    expect((await reach(id, 'applied')).log.join()).not.toContain('earlier version')
  })

  test('what an agent does already is not given to it again, and other work is', async () => {
    const host = await aHost()
    const [{ id }] = [await addTarget(host), await addTarget(host, { site: 'blog' })]
    const first = await take(host)
    const { work: second } = await host.client.agents.poll({ waitSeconds: 5, holding: [first.id] })
    expect(new Set([first.site, second?.site])).toEqual(new Set(['blog', 'shop'])) // which of the two is planned first is left open
    expect((await host.client.agents.poll({ holding: [first.id, second?.id ?? ''] })).work).toBeNull()
    for (const work of [first, second]) if (work !== null) await host.report(work)
    await reach(id, 'applied')
  })

  test.each([
    ['refused', 'failed'],
    ['rolledBack', 'rolledBack'],
  ] as const)(
    'an agent that says %s: the deployment is %s with its words, and deploying again is work of its own',
    async (outcome, state) => {
      const host = await aHost()
      const { id } = await addTarget(host)
      const work = await take(host)
      await host.report(work, {
        outcome,
        problem: 'nginx: [emerg] unknown directive',
        install: null,
        log: ['2026-01-01T00:00:00.000Z tested'],
      })
      expect(await reach(id, state)).toMatchObject({ problem: expect.stringContaining('unknown directive') as string })
      await account.client.targets.deploy({ id })
      const again = await take(host)
      expect(again.id).not.toBe(work.id)
      await host.report(again)
      await reach(id, 'applied')
      const { work: told } = await account.client.agents.get({ id: host.id })
      expect(told).toMatchObject([
        { id: again.id, state: 'reported', report: { outcome: 'installed', changed: true, reloaded: true } },
        {
          id: work.id,
          kind: 'install',
          site: 'shop',
          certificateId,
          report: {
            outcome,
            problem: 'nginx: [emerg] unknown directive',
            changed: null,
            log: ['2026-01-01T00:00:00.000Z tested'],
          },
        },
      ])
    },
  )

  test('what an agent says of characters that no database keeps is taken without them', async () => {
    const host = await aHost()
    const { id } = await addTarget(host)
    const log = ['2026-01-01T00:00:00.000Z told\0\uD83D \u001B[2Jthere']
    await host.report(await take(host), { outcome: 'rolledBack', problem: 'nginx\0: \uD83D no', install: null, log })
    const first = await reach(id, 'rolledBack')
    expect(first.problem).toContain('nginx: \uFFFD no')
    expect(first.log.at(-1)).toBe('2026-01-01T00:00:00.000Z told\uFFFD [2Jthere')
    await account.client.targets.deploy({ id })
    await host.report(await take(host), { install: { changed: true, previousSha256: null, reloaded: true, log } })
    expect((await reach(id, 'applied')).log).toContain(first.log.at(-1))
  })

  test('a disk that is full or read-only has the advice that every target has, and is tried again by itself', async () => {
    const host = await aHost()
    const { id } = await addTarget(host)
    for (const code of ['diskFull', 'diskReadOnly'] as const) {
      const work = await take(host)
      await host.report(work, { outcome: 'refused', problem: 'No room is left', install: null, code })
      const { advice } = await waitFor(code, async () => {
        const deployment = await reach(id, 'failed')
        return deployment.advice?.code === code ? deployment : null
      })
      expect(advice?.remedy.zh).toMatch(/[一-鿿]/)
      service.clock.advance(20_000)
    }
    await host.report(await take(host))
    await reach(id, 'applied')
  })

  test('an agent that does not come: the deployment fails when its time is over, and says since when', async () => {
    const host = await aHost()
    const { id } = await addTarget(host, { timeoutMinutes: 5 })
    await waitFor('the reason', async () => (await deploymentOf(id))?.problem ?? null)
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
