/**
 * An installation by set-based SQL: uploaded certificates, each with an endpoint, a deployment, a revocation check and a line of history; every
 * tenth with a notice that was delivered and an order that was paid. Of all that, nothing is due.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Services } from '../../packages/server/src/services/context.ts'
import { sumUpTallies } from '../../packages/server/src/db/certificate-tally.ts'
import { sealAudit } from '../../packages/server/src/services/audit/seal.ts'

const ROWS_AT_ONCE = 10_000
const LONG_MS = 600_000

/** Adds certificates until there are so many. */
export async function fillInstallation(services: Services, stored: number): Promise<void> {
  const { db } = services
  const { id: accountId } = await db.selectFrom('account').select('id').executeTakeFirstOrThrow()
  const { count } = await db
    .selectFrom('certificate')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  for (let from = Number(count) + 1; from <= stored; from += ROWS_AT_ONCE) {
    await fill(services, accountId, [from, Math.min(stored, from + ROWS_AT_ONCE - 1)])
  }
  await sumUpTallies(db)
  await sealAudit(services, { forMs: LONG_MS })
  await sql`vacuum (analyze)`.execute(db)
}

async function fill({ db }: Services, accountId: string, [from, to]: readonly [number, number]): Promise<void> {
  const n = sql`generate_series(${from}::int, ${to}::int) n`
  await db.transaction().execute(async (trx) => {
    await sql`insert into certificate (id, account_id, name, origin, lineage_id, lineage_index, issuance_id,
        next_notice_at, created_at)
      select 'crt_' || n, ${accountId}, 'site-' || n, 'uploaded', 'crt_' || n, 0, 'iss_' || n, now() + interval '174 days', now() from ${n}`.execute(
      trx,
    )
    await sql`insert into issuance (id, account_id, certificate_id, sha256, serial, issuer, names, spki_sha256,
        not_before, not_after, window_opens_at, chain_pem, revocation_noted, created_at)
      select 'iss_' || n, ${accountId}, 'crt_' || n, md5(n::text) || md5((-n)::text), n::text, 'CN=Bench',
        array['site-' || n || '.evercert.test'], md5(n::text) || md5((-n)::text),
        now() - interval '100 days', now() + interval '265 days', now() + interval '235 days', 'none', true, now() from ${n}`.execute(
      trx,
    )
    // What follows fits; references are not checked row by row.
    await sql`set local session_replication_role = replica`.execute(trx)
    await sql`insert into endpoint (id, account_id, certificate_id, host, port, server_name, created_at, probe_at, probed_at)
      select 'end_' || n, ${accountId}, 'crt_' || n, 'site-' || n || '.evercert.test', 443, 'site-' || n || '.evercert.test', now(),
        now() + (1 + n % 300) * interval '1 hour', now() from ${n}`.execute(trx)
    await sql`insert into deployment (id, account_id, target_id, issuance_id, certificate_id, state, created_at, updated_at, tidy_at)
      select 'dep_' || n, ${accountId}, 'tgt_' || n, 'iss_' || n, 'crt_' || n, 'proved', now(), now(),
        case when n % 100 = 0 then now() + interval '20 days' end from ${n}`.execute(trx)
    await sql`insert into revocation_check (account_id, sha256, serial, leaf_der, method, urls, url, state, source, checked_at, not_after, next_at)
      select ${accountId}, md5(n::text) || md5((-n)::text), n::text, '\\x30', 'crl', array['http://127.0.0.1:9/crl'],
        'http://127.0.0.1:9/crl', 'good', 'crl', now(), now() + interval '265 days', now() + (1 + n % 300) * interval '1 hour'
      from ${n}`.execute(trx)
    await sql`insert into history (account_id, certificate_id, subject, subject_id, to_state, actor, at)
      select ${accountId}, 'crt_' || n, 'certificate', 'crt_' || n, 'uploaded', 'bench', now() from ${n}`.execute(trx)
    await sql`insert into notice (id, account_id, certificate_id, kind, occasion, facts, created_at)
      select 'ntc_' || n, ${accountId}, 'crt_' || n, 'expiry', 'iss_' || n || ':30', '{}', now() from ${n} where n % 10 = 0`.execute(
      trx,
    )
    await sql`insert into notice_delivery (id, account_id, notice_id, channel_id, state, attempts, attempt_at, created_at, sent_at)
      select 'dlv_' || n, ${accountId}, 'ntc_' || n, 'chn_' || n % 7, 'sent', 1, now() - interval '1 day', now(), now()
      from ${n} where n % 10 = 0`.execute(trx)
    await sql`insert into "order" (id, account_id, kind, state, product_id, domain_type, certificate_type, grade, brand, domain_count,
        term_years, amount_minor, currency, same_specification, placed_at, paid_at)
      select 'ord_' || n, ${accountId}, 'new', 'paid', 'p', 'single', 'DV', 'g', 'b', 1, 1, 100, 'CNY', true,
        now() - interval '100 days', now() - interval '100 days' from ${n} where n % 10 = 0`.execute(trx)
    await sql`insert into payment (id, account_id, order_id, method, state, amount_minor, currency, created_at, poll_at)
      select 'pay_' || n, ${accountId}, 'ord_' || n, 'bench', case when n % 100 = 0 then 'created' else 'succeeded' end, 100, 'CNY', now(),
        case when n % 100 = 0 then now() + interval '20 days' end from ${n} where n % 10 = 0`.execute(trx)
  })
}
