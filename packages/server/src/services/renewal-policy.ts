/**
 * The renewal window as the list's filter uses it: `window_opens_at` of each issuance follows from its validity and the policy, and is
 * worked out again when the operator changes the policy.
 *
 * @module
 */
import { sql } from 'kysely'
import { windowOpensAt } from '../domain/certificate/window.ts'
import type { Services } from './context.ts'

const BATCH = 1000

/** Brings every issuance in line with the policy in force; costs one query when it has not changed. Safe to repeat. */
export async function applyRenewalPolicy(services: Services): Promise<void> {
  const { db, policy } = services
  const wanted = JSON.stringify(policy)
  const current = await db.selectFrom('renewal_policy').select('policy').executeTakeFirst()
  if (current?.policy === wanted) return
  let after = ''
  for (;;) {
    const rows = await db
      .selectFrom('issuance')
      .select(['id', 'not_before', 'not_after'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(BATCH)
      .execute()
    if (rows.length === 0) break
    const opens = rows.map((row) =>
      windowOpensAt({ notBefore: row.not_before.getTime(), notAfter: row.not_after.getTime() }, policy),
    )
    await sql`update issuance set window_opens_at = changed.opens_at
      from unnest(${rows.map((row) => row.id)}::text[], ${opens.map((instant) => new Date(instant).toISOString())}::timestamptz[])
        as changed (id, opens_at)
      where issuance.id = changed.id`.execute(db)
    after = rows.at(-1)?.id ?? after
  }
  await sql`insert into renewal_policy (only_row, policy) values (true, ${wanted})
    on conflict (only_row) do update set policy = excluded.policy`.execute(db)
}
