/** TXT records of automatic DNS validation, in a real BIND: gone after the application ended, however it ended; those of others stay. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startBind, type Bind } from '../../../../test/harness/bind.ts'
import { AppError } from '../../src/domain/errors.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import type { Services, StepHook } from '../../src/services/context.ts'
import { aForm, anAccount, buyCertificate, PRIVATE_WILDCARD, withKey, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

let bind: Bind
beforeAll(async () => {
  bind = await startBind()
})
afterAll(() => bind.stop())

/** The service with name servers that answer a removal in this way. */
function withRemoval(services: Services, remove: () => Promise<void>): Services {
  const dns = services.adapters.dns.map((adapter) => ({
    ...adapter,
    create: (...given: Parameters<typeof adapter.create>) => ({ ...adapter.create(...given), remove }),
  }))
  return { ...services, adapters: { ...services.adapters, dns } }
}

oneDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  let connectionId: string
  let onStep: StepHook = () => {}
  let names = 0
  const clock = createClock(Date.now()) // TSIG signs the time, and BIND's own is the real one
  beforeAll(async () => {
    service = await startTestService({
      database: await open(),
      clock,
      worker: IDLE_WORKER,
      environment: { EVERCERT_DNS_SERVERS: `127.0.0.1:${bind.port}` },
      onStep: (step, moment) => onStep(step, moment),
    })
    account = await anAccount(service)
    const { name, algorithm, secret } = bind.keys.sha256
    const config = { server: '127.0.0.1', port: bind.port, zone: bind.zone, keyName: name, algorithm, secret }
    connectionId = (await account.client.dnsConnections.create({ name: 'BIND', kind: 'rfc2136', config })).id
  })
  beforeEach(() => {
    onStep = () => {}
    clock.moveTo(Date.now())
  })
  afterAll(() => service.stop())

  const advance = (id: string, services = service.services): Promise<void> =>
    advanceCertificate(services, id, new AbortController().signal)

  /** Applied for, the records in place, and the service dead at that moment. */
  async function published(at: 'done' | 'recorded' = 'recorded', zone = `${kind}${(names += 1)}.${bind.zone}`) {
    const { id } = await buyCertificate(account, { productId: PRIVATE_WILDCARD })
    const form = aForm([`*.${zone}`], { validationMethod: 'dnsAutomatic', dnsConnectionId: connectionId })
    await account.client.applications.submit({ id, ...form })
    const run = new AbortController()
    onStep = (step, moment) => {
      if (step !== 'publishProof' || moment !== at) return
      run.abort()
      throw new Error('died')
    }
    await advanceCertificate(service.services, id, run.signal).catch(() => {})
    onStep = () => {}
    const record = `_dnsauth.${zone}`
    expect(await bind.lookupTxt(record)).not.toEqual([])
    return { id, record, zone }
  }

  test.each(['done', 'recorded'] as const)('after a withdrawal, also when the service died at publishProof %s', async (at) => {
    const { id, record } = await published(at)
    await account.client.applications.withdraw({ id })
    await advance(id)
    expect(await bind.lookupTxt(record)).toEqual([])
    expect((await account.client.certificates.get({ id })).status).toBe('pendingApplication')
  })

  test('after the certificate was cancelled, which is worked on no more', async () => {
    const { id, record } = await published()
    await account.client.certificates.cancel({ id }, withKey())
    await advance(id)
    expect(await bind.lookupTxt(record)).toEqual([])
  })

  test('after the CA refused', async () => {
    const { id, record } = await published()
    const ca = service.services.adapters.ca.map((adapter) => ({
      ...adapter,
      create: (...given: Parameters<typeof adapter.create>) => ({
        ...adapter.create(...given),
        answerChallenge: () => Promise.reject(new AppError('caRejected', 'Answering: refused.')),
      }),
    }))
    await advance(id, { ...service.services, adapters: { ...service.services.adapters, ca } })
    expect((await account.client.certificates.get({ id })).status).toBe('reviewFailed')
    expect(await bind.lookupTxt(record)).toEqual([])
  })

  test('after the issuance', async () => {
    const { id, record } = await published()
    await advance(id)
    expect((await account.client.certificates.get({ id })).status).toBe('issued')
    expect(await bind.lookupTxt(record)).toEqual([])
  })

  test('the record that another application in progress has at the same name stays', async () => {
    const { id, record, zone } = await published()
    const other = await published('recorded', zone)
    const both = await bind.lookupTxt(record)
    expect(both).toHaveLength(2)
    await account.client.applications.withdraw({ id })
    await advance(id)
    const left = await bind.lookupTxt(record)
    expect([left.length, both.includes(left[0] ?? '')]).toEqual([1, true])
    await advance(other.id)
    expect((await account.client.certificates.get({ id: other.id })).status).toBe('issued')
  })

  test('while the name server does not answer it is asked again later', async () => {
    const { id, record } = await published()
    await account.client.applications.withdraw({ id })
    await advance(
      id,
      withRemoval(service.services, () => Promise.reject(new AppError('upstreamUnavailable', 'Removing: away.'))),
    )
    expect(await bind.lookupTxt(record)).not.toEqual([])
    clock.advance(60_000)
    await advance(id)
    expect(await bind.lookupTxt(record)).toEqual([])
  })

  test('what the name server refuses for good is left, and the history says which records', async () => {
    const { id, record } = await published()
    await account.client.applications.withdraw({ id })
    await advance(
      id,
      withRemoval(service.services, () => Promise.reject(new AppError('credentialsRejected', 'Removing: refused.'))),
    )
    const { history } = await account.client.certificates.get({ id })
    expect(history.find(({ to }) => to === 'txtRecordsLeft')?.detail).toContain(record)
    clock.advanceDays(1)
    await advance(id)
    expect(await bind.lookupTxt(record)).not.toEqual([])
  })
})
