/** The rounds of the worker run every second: where nothing is due they read no table from its beginning, however the statement was planned. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { auditRound } from '../../src/services/audit/rounds.ts'
import { removeEarlierUploads } from '../../src/services/earlier-uploads.ts'
import { createCourier } from '../../src/services/notices/courier.ts'
import { planDueNotices } from '../../src/services/notices/plan.ts'
import { createProber } from '../../src/services/probing/prober.ts'
import { pollDuePayments } from '../../src/services/provider-payments/poll.ts'
import { createRevocationChecker } from '../../src/services/revocation-checks/checker.ts'
import { createRewrapper } from '../../src/services/rewrap.ts'
import { scanDue } from '../../src/services/scan.ts'
import type { Services } from '../../src/services/context.ts'
import { anAccount } from '../support/builders.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const STORED = 3000
const TABLES = ['certificate', 'issuance', 'endpoint', 'deployment', 'revocation_check', 'history', 'notice_delivery', 'payment']

const open = openerOf('embedded')
let service: TestService
let accountId: string

beforeAll(async () => {
  service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  ;({ accountId } = await anAccount(service))
  await fill(service.services)
  // As after a few rounds: a plan for any moment, not for this one.
  await sql`set plan_cache_mode = force_generic_plan`.execute(service.services.db)
})
afterAll(() => service.stop())

const signal = new AbortController().signal
test.each<[string, (services: Services) => () => Promise<unknown>]>([
  ['certificates', (services) => () => scanDue(services)],
  ['notices', (services) => () => planDueNotices(services)],
  ['deliveries', (services) => roundOf(createCourier(services, signal))],
  ['payments', (services) => () => pollDuePayments(services)],
  ['probes', (services) => roundOf(createProber(services, signal))],
  ['revocations', (services) => roundOf(createRevocationChecker(asking(services), signal))],
  ['earlier uploads', (services) => () => removeEarlierUploads(services)],
  ['master keys', (services) => roundOf(createRewrapper(services))],
  ['audit log', (services) => () => auditRound(services)],
])('%s', async (_name, make) => {
  const round = make(service.services)
  await round() // the first may tidy
  const before = await rowsRead()
  for (let i = 0; i < 3; i++) await round()
  expect(await rowsRead()).toEqual(before)
})

/** That reading a table from its beginning is seen at all. */
test('a query without an index counts', async () => {
  const before = await rowsRead()
  await sql`select 1 from endpoint where port = 1`.execute(service.services.db)
  expect((await rowsRead())['endpoint']).toBe((before['endpoint'] ?? 0) + STORED)
})

function roundOf(loop: { round(): Promise<unknown> }): () => Promise<unknown> {
  return () => loop.round()
}

/** Test services ask no CA by themselves. */
function asking(services: Services): Services {
  return { ...services, probing: { ...services.probing, revocationIntervalMs: 86_400_000 } }
}

async function rowsRead(): Promise<Record<string, number>> {
  const { db } = service.services
  await sql`select pg_stat_force_next_flush()`.execute(db)
  await sql`select pg_stat_clear_snapshot()`.execute(db)
  const { rows } = await sql<{ name: string; read: number }>`select relname as name, seq_tup_read::int as read
    from pg_stat_user_tables where relname = any(${TABLES}::text[])`.execute(db)
  return Object.fromEntries(rows.map(({ name, read }) => [name, read]))
}

async function fill({ db }: Services): Promise<void> {
  const n = sql`generate_series(1, ${STORED}::int) n`
  await db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx)
    await sql`insert into certificate (id, account_id, name, origin, lineage_id, lineage_index, issuance_id, next_notice_at, created_at)
      select 'crt_' || n, ${accountId}, 'site-' || n, 'uploaded', 'crt_' || n, 0, 'iss_' || n, now() + interval '170 days', now()
      from ${n}`.execute(trx)
    await sql`insert into issuance (id, account_id, certificate_id, sha256, serial, issuer, names, spki_sha256, not_before, not_after,
        window_opens_at, chain_pem, revocation_noted, created_at)
      select 'iss_' || n, ${accountId}, 'crt_' || n, md5(n::text) || md5((-n)::text), n::text, 'CN=A', array['site-' || n || '.example.com'],
        md5(n::text) || md5((-n)::text), now(), now() + interval '265 days', now() + interval '235 days', 'none', true, now()
      from ${n}`.execute(trx)
    await sql`insert into endpoint (id, account_id, certificate_id, host, port, server_name, created_at, probe_at)
      select 'end_' || n, ${accountId}, 'crt_' || n, 'site-' || n || '.example.com', 443, 'site-' || n || '.example.com', now(),
        now() + interval '1 day' from ${n}`.execute(trx)
    await sql`insert into deployment (id, account_id, target_id, issuance_id, certificate_id, state, created_at, updated_at, tidy_at)
      select 'dep_' || n, ${accountId}, 'tgt_' || n, 'iss_' || n, 'crt_' || n, 'proved', now(), now(), now() + interval '1 day'
      from ${n}`.execute(trx)
    await sql`insert into revocation_check (account_id, sha256, serial, leaf_der, method, urls, url, state, not_after, next_at)
      select ${accountId}, md5(n::text) || md5((-n)::text), n::text, '\\x30', 'crl', array['http://127.0.0.1:9/'], 'http://127.0.0.1:9/',
        'good', now() + interval '265 days', now() + interval '1 day' from ${n}`.execute(trx)
    await sql`insert into history (account_id, certificate_id, subject, subject_id, to_state, actor, at)
      select ${accountId}, 'crt_' || n, 'certificate', 'crt_' || n, 'uploaded', 'somebody', now() from ${n}`.execute(trx)
    await sql`insert into notice_delivery (id, account_id, notice_id, channel_id, state, attempts, attempt_at, created_at, sent_at)
      select 'dlv_' || n, ${accountId}, 'ntc_' || n, 'chn_1', 'sent', 1, now(), now(), now() from ${n}`.execute(trx)
    await sql`insert into payment (id, account_id, order_id, method, state, amount_minor, currency, created_at, poll_at)
      select 'pay_' || n, ${accountId}, 'ord_' || n, 'somehow', 'created', 100, 'CNY', now(), now() + interval '1 day' from ${n}`.execute(
      trx,
    )
  })
  while ((await sealed(db)) > 0);
  await sql`vacuum (analyze)`.execute(db)
}

/** How many lines one more round of the audit log sealed. */
async function sealed(db: Services['db']): Promise<number> {
  const count = async (): Promise<number> =>
    Number((await sql<{ lines: string }>`select coalesce(max(position), 0) as lines from audit_batch`.execute(db)).rows[0]?.lines)
  const before = await count()
  await auditRound(service.services)
  return (await count()) - before
}
