import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../../test/harness/ports.ts'
import { createProber } from '../../src/services/probing/prober.ts'
import { anAccount, anUpload } from '../support/builders.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

/** Several claims, each of which is made while the one before is looked at. */
const ENDPOINTS = 1_200
const open = openerOf('embedded')
let service: TestService

beforeAll(async () => {
  service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  const account = await anAccount(service)
  const { id } = await anUpload(account, { name: 'shop' })
  const { db } = service.services
  await sql`update certificate set served_at = now() where id = ${id}`.execute(db)
  const port = await freePort() // nobody listens there: each is seen at once, as unreachable
  await sql`insert into endpoint (id, account_id, certificate_id, host, port, server_name, created_at)
    select 'end_' || n, ${account.accountId}, ${id}, '127.1.' || n / 250 || '.' || 1 + n % 250, ${port}::int, 'shop.example.com', now()
    from generate_series(1, ${ENDPOINTS}::int) as n`.execute(db)
})
afterAll(() => service.stop())

const makeAllDue = () =>
  sql`update endpoint set probed_at = null, probe_at = timestamptz '2000-01-01' + split_part(id, '_', 2)::int * interval '1 second'`.execute(
    service.services.db,
  )

async function claimedAndNotStored(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from endpoint
    where probe_at > '2001-01-01' and probed_at is null`.execute(service.services.db)
  return rows[0]?.count ?? 0
}

test('who waits until it is idle finds all stored that was claimed, also what it claimed ahead', async () => {
  await makeAllDue()
  const prober = createProber(service.services, new AbortController().signal)
  expect(await prober.round()).toBeGreaterThan(0)
  await prober.idle()
  expect(await claimedAndNotStored()).toBe(0)
})

test('a claim ahead that fails is logged, and what was claimed before is stored', async () => {
  await makeAllDue()
  const { db } = service.services
  await sql`create function refuse_later() returns trigger language plpgsql as
    $$ begin if split_part(new.id, '_', 2)::int > 600 then raise 'away'; end if; return new; end $$`.execute(db)
  await sql`create trigger refuse_later before update on endpoint for each row execute function refuse_later()`.execute(db)
  onTestFinished(async () => void (await sql`drop function refuse_later cascade`.execute(db)))
  const told: unknown[] = []
  const log = { ...service.services.log, error: ({ event }: { event: string }) => void told.push(event) }
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => void unhandled.push(reason)
  process.on('unhandledRejection', note)
  const prober = createProber({ ...service.services, log }, new AbortController().signal)
  expect(await prober.round()).toBeGreaterThan(0)
  await prober.idle()
  await new Promise((resolve) => setImmediate(resolve)) // when Node tells of rejections
  process.off('unhandledRejection', note)
  expect(told).toEqual(['probe.notClaimed'])
  expect(await claimedAndNotStored()).toBe(0)
  expect(unhandled).toEqual([])
})

test('what one of them shows and cannot be stored is logged by its endpoint, and all others are stored', async () => {
  await makeAllDue()
  const { db } = service.services
  await sql`create function refuse_one() returns trigger language plpgsql as
    $$ begin if new.endpoint_id = 'end_77' then raise 'hostile'; end if; return new; end $$`.execute(db)
  await sql`create trigger refuse_one before insert on observation for each row execute function refuse_one()`.execute(db)
  onTestFinished(async () => void (await sql`drop function refuse_one cascade`.execute(db)))
  const told: unknown[] = []
  const log = {
    ...service.services.log,
    error: ({ event, count, endpointId }: { event: string; count?: number; endpointId?: string }) =>
      void told.push([event, count === 1 ? endpointId : 'some']),
  }
  const prober = createProber({ ...service.services, log }, new AbortController().signal)
  expect(await prober.round()).toBeGreaterThan(0)
  await prober.idle()
  expect(await claimedAndNotStored()).toBe(1)
  expect(told).toEqual([
    ['probe.notStored', 'some'],
    ['probe.notStored', 'end_77'],
  ])
})
