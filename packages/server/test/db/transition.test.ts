import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClaimedJob } from '../../src/db/queue.ts'
import { startQueue, type Queue } from '../../src/db/queue.ts'
import { transition, type TransitionRequest } from '../../src/db/transition.ts'
import { anAccount, PRIVATE_SINGLE, type TestAccount } from '../support/builders.ts'
import { eachDatabase, isPostgres, type TestDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

eachDatabase((kind, open) => {
  let database: TestDatabase
  let service: TestService
  let account: TestAccount
  let queue: Queue
  beforeAll(async () => {
    database = await open()
    service = await startTestService({ database, worker: IDLE_WORKER })
    account = await anAccount(service)
    queue = service.services.queue
  })
  afterAll(() => service.stop())

  async function request(wish: Partial<TransitionRequest<'order'>> = {}): Promise<TransitionRequest<'order'>> {
    const { id } = await account.client.orders.place({ productId: PRIVATE_SINGLE })
    const facts = { accountId: account.accountId, certificateId: null, actor: 'test', now: service.clock.now() }
    return { ...facts, subject: 'order', id, from: 'placed', to: 'cancelled', ...wish }
  }

  const move = (asked: TransitionRequest<'order'>) => service.services.db.transaction().execute((trx) => transition(trx, asked))
  const stateOf = (id: string) =>
    service.services.db.selectFrom('order').select(['state', 'version']).where('id', '=', id).executeTakeFirstOrThrow()
  const historyOf = (id: string) =>
    service.services.db.selectFrom('history').select(['from_state', 'to_state', 'actor']).where('subject_id', '=', id).execute()

  async function claimAll(from: Queue = queue): Promise<readonly ClaimedJob[]> {
    return from.claim(100)
  }
  const certificatesOf = (jobs: readonly ClaimedJob[]) => jobs.map(({ data }) => data.certificateId)
  const finish = (jobs: readonly ClaimedJob[]) => Promise.all(jobs.map(({ id }) => queue.complete(id)))

  test('a transition changes the state, counts the version and leaves one line of history', async () => {
    const asked = await request()
    await move(asked)
    expect(await stateOf(asked.id)).toEqual({ state: 'cancelled', version: 2 })
    expect(await historyOf(asked.id)).toContainEqual({ from_state: 'placed', to_state: 'cancelled', actor: 'test' })
  })

  test('a transition from a state that the row is not in is a conflict and changes nothing', async () => {
    const asked = await request()
    await move(asked)
    const history = await historyOf(asked.id)
    await expect(move({ ...asked, to: 'paid' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await stateOf(asked.id)).toEqual({ state: 'cancelled', version: 2 })
    expect(await historyOf(asked.id)).toEqual(history)
  })

  test('a transition that the machine does not have is a conflict, whatever the row says', async () => {
    const asked = await request()
    await expect(move({ ...asked, from: 'placed', to: 'refunded' })).rejects.toMatchObject({ code: 'conflict' })
    await expect(move({ ...asked, from: 'placed', to: 'placed' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await stateOf(asked.id)).toEqual({ state: 'placed', version: 1 })
  })

  test('a transition for another account finds no row', async () => {
    const asked = await request()
    const { accountId } = await anAccount(service, { balanceMinor: 0 })
    await expect(move({ ...asked, accountId })).rejects.toMatchObject({ code: 'conflict' })
    expect(await stateOf(asked.id)).toEqual({ state: 'placed', version: 1 })
  })

  test('of many transitions at once exactly one is made', async () => {
    const asked = await request()
    const targets = ['cancelled', 'paid', 'expired', 'cancelled', 'paid'] as const
    const results = await Promise.allSettled(targets.map((to) => move({ ...asked, to })))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await stateOf(asked.id)).version).toBe(2)
    expect(await historyOf(asked.id)).toHaveLength(2) // placed, and the one that won
  })

  test('state, history and job are rolled back together', async () => {
    const asked = await request()
    const certificateId = `crt_${randomUUID()}`
    const work = service.services.db.transaction().execute(async (trx) => {
      await transition(trx, asked)
      await queue.send(trx, { certificateId })
      throw new Error('changed my mind')
    })
    await expect(work).rejects.toThrow('changed my mind')
    expect(await stateOf(asked.id)).toEqual({ state: 'placed', version: 1 })
    expect(await historyOf(asked.id)).toHaveLength(1)
    expect(certificatesOf(await claimAll())).not.toContain(certificateId)
  })

  test('a certificate has at most one job that waits and one that runs', async () => {
    const certificateId = `crt_${randomUUID()}`
    for (let sent = 0; sent < 3; sent += 1) await queue.sendNow({ certificateId })
    const running = await claimAll()
    expect(certificatesOf(running)).toEqual([certificateId])
    await Promise.all([queue.sendNow({ certificateId }), queue.sendNow({ certificateId }), queue.sendNow({ certificateId })])
    expect(await claimAll()).toEqual([])
    await finish(running)
    const next = await claimAll()
    expect(certificatesOf(next)).toEqual([certificateId])
    await finish(next)
    expect(await claimAll()).toEqual([])
  })

  test('a job that was given up does not come back by itself, and its certificate can be sent again', async () => {
    const certificateId = `crt_${randomUUID()}`
    await queue.sendNow({ certificateId })
    const [job] = await claimAll()
    await queue.fail(job?.id ?? '')
    expect(await claimAll()).toEqual([])
    await queue.sendNow({ certificateId })
    const again = await claimAll()
    expect(certificatesOf(again)).toEqual([certificateId])
    await finish(again)
  })

  test('a job whose worker fell silent is freed, one that was touched is not', async () => {
    const dead = `crt_${randomUUID()}`
    const alive = `crt_${randomUUID()}`
    await queue.sendNow({ certificateId: dead })
    await queue.sendNow({ certificateId: alive })
    const jobs = await claimAll()
    const silent = sql`now() - interval '11 seconds'`
    await sql`update jobs.job set heartbeat_on = ${silent}, started_on = ${silent} where state = 'active'`.execute(
      service.services.db,
    )
    await queue.touch(jobs.filter(({ data }) => data.certificateId === alive).map(({ id }) => id))
    await queue.releaseDead()
    await queue.sendNow({ certificateId: dead })
    await queue.sendNow({ certificateId: alive })
    const claimed = await claimAll()
    expect(certificatesOf(claimed)).toEqual([dead])
    await finish([...jobs, ...claimed])
    await finish(await claimAll())
  })

  test.runIf(isPostgres(kind))('two nodes never claim the same job', async () => {
    const other = await startQueue(service.services.database, database.databaseUrl)
    const ids = Array.from({ length: 30 }, () => `crt_${randomUUID()}`)
    for (const certificateId of ids) await queue.sendNow({ certificateId })
    const batches = await Promise.all([0, 1, 2, 3, 4, 5].map((turn) => (turn % 2 === 0 ? queue : other).claim(5)))
    await finish(batches.flat())
    await other.stop()
    expect(certificatesOf(batches.flat()).toSorted()).toEqual(ids.toSorted())
  })

  test('the callback for a sent job comes after the send, and only as a hint', async () => {
    let calls = 0
    queue.onSent(() => (calls += 1))
    await queue.sendNow({ certificateId: `crt_${randomUUID()}` })
    await new Promise((resolve) => setImmediate(resolve))
    expect(calls).toBe(1)
    await finish(await claimAll())
  })
})
