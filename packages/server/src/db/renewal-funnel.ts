/**
 * How far the renewals of the certificates in their window are: for the picture of it, and for the list of those that wait.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { RenewalStage } from '@evercert/contract'
import type { Db } from './connect.ts'
import { statusCondition } from './status-condition.ts'

interface Waiting {
  readonly old_id: string
  readonly new_id: string | null
  readonly waits_for: RenewalStage | null
}

/**
 * Each certificate in its window with its renewal, and the stage that it waits for; null: it is proved. One that is issued anew at no charge needs no
 * order (the twin of `entitlementContinues` in decide-renewal.ts). Without a target a person installs it, and only the proof tells.
 */
function waiting(accountId: string, now: Date): RawBuilder<Waiting> {
  return sql<Waiting>`
    select l.certificate_id as old_id, n.id as new_id, case
      when r.id is null and e.entitled_until > l.not_after + interval '1 day' then
        case when a.state in ('pendingValidation', 'inReview', 'reviewFailed') then 'issued' else 'applied' end
      when r.id is null then 'ordered'
      when r.state = 'ordered' or n.id is null then 'paid'
      when n.issuance_id is null and (b.state is null or b.state = 'withdrawn') then 'applied'
      when n.issuance_id is null then 'issued'
      when n.served_at is not null then null
      when exists (select from target t where t.certificate_id = n.id) and not exists (select from target t
        where t.certificate_id = n.id and not exists (select from deployment d
          where d.target_id = t.id and d.issuance_id = n.issuance_id and d.state in ('applied', 'proved'))) then 'proved'
      else 'installed'
    end as waits_for
    from certificate_listing l
      join certificate c on c.id = l.certificate_id
      left join application a on a.id = c.application_id
      left join entitlement e on e.certificate_id = l.certificate_id
      left join renewal r on r.old_certificate_id = l.certificate_id and r.state <> 'cancelled'
      left join certificate n on n.id = r.new_certificate_id
      left join application b on b.id = n.application_id
    where l.account_id = ${accountId} and not l.closed and ${statusCondition('expiringSoon', now)}`
}

/** How many wait for each stage; those that are proved under null. */
export async function countWaiting(db: Db, accountId: string, now: number): Promise<ReadonlyMap<RenewalStage | null, number>> {
  const { rows } = await sql<{ waits_for: RenewalStage | null; count: number }>`
    select waits_for, count(*)::int as count from (${waiting(accountId, new Date(now))}) w group by waits_for`.execute(db)
  return new Map(rows.map(({ waits_for: stage, count }) => [stage, count]))
}

/** The certificates that wait for a stage, and the renewals under them. */
export function waitingFor(accountId: string, stage: RenewalStage, now: Date): RawBuilder<{ certificate_id: string }> {
  const set = waiting(accountId, now)
  // Two queries, so that the condition on one certificate reaches the index of either.
  return sql`select w.old_id as certificate_id from (${set}) w where w.waits_for = ${stage}
    union all select w.new_id from (${set}) w where w.waits_for = ${stage} and w.new_id is not null`
}
