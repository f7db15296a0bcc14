/**
 * Removes what is older than it has to be kept, up to a checkpoint, which stays: the rest still follows from something signed. First a
 * line says what will be removed, and only once that line is chained itself it is removed. So a beginning that is missing without such a line
 * was taken away by somebody else.
 *
 * @module
 */
import { sql } from 'kysely'
import { AUDIT_RETENTION_ACTION } from '@evercert/pki'
import type { Trx } from '../../db/transition.ts'
import { DAY_MS } from '../../domain/time.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { insertEntry } from './log.ts'

/** As `EVERCERT_AUDIT_RETENTION_DAYS` is limited. */
export const LEAST_RETENTION_MS = 30 * DAY_MS

/** Safe to repeat, and to break off: batches go one by one, from the oldest. @returns how many lines were removed */
export async function retainAudit(services: Services): Promise<number> {
  if (services.auditRetentionMs === null) return 0
  await announce(services, new Date(services.now() - services.auditRetentionMs))
  let removed = 0
  for (let lines = 1; lines > 0; removed += lines) lines = await services.db.transaction().execute((trx) => removeOldest(trx))
  return removed
}

/** The newest batch that is old enough, if it was not announced before. */
async function announce({ db, now }: Services, before: Date): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const head = await lockHead(trx)
    if (head === null) return
    const batch = await trx
      .selectFrom('audit_batch')
      .select('position')
      .where('at', '<', before)
      .where('removed', '=', false)
      .orderBy('position', 'desc')
      .limit(1)
      .executeTakeFirst()
    const through = Number(batch?.position ?? 0)
    if (through <= Number(head.retention_through ?? 0)) return
    const entryId = await insertEntry(
      trx,
      {
        accountId: null,
        actor: EVERCERT_ACTOR,
        actorKind: 'service',
        actorId: null,
        action: AUDIT_RETENTION_ACTION,
        subject: 'audit',
        subjectId: null,
        address: null,
        requestId: null,
        details: { through, olderThan: before.toISOString() },
      },
      'done',
      now(),
    )
    await trx.updateTable('audit_head').set({ retention_through: through, retention_entry_id: entryId }).execute()
  })
}

async function lockHead(trx: Trx) {
  return (
    (await trx
      .selectFrom('audit_head')
      .select(['retention_through', 'retention_entry_id'])
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()) ?? null
  )
}

/** Zero when there is nothing left to remove, or the line that says so is not chained yet. */
async function removeOldest(trx: Trx): Promise<number> {
  const head = await lockHead(trx)
  if (head === null || head.retention_through === null || head.retention_entry_id === null) return 0
  const batches = await trx
    .selectFrom('audit_batch')
    .select(['position', 'rows', 'removed'])
    .where('position', '<=', head.retention_through)
    .orderBy('position')
    .limit(2)
    .execute()
  const batch = batches.find(({ removed }) => !removed)
  if (batch === undefined || !(await isChained(trx, Number(head.retention_entry_id), Number(head.retention_through)))) return 0
  await sql`select set_config('evercert.audit_retention', 'on', true)`.execute(trx)
  const ids = batch.rows.map(Number)
  await sql`delete from history where id = any(${ids.filter((id) => id > 0)}::bigint[])`.execute(trx)
  await sql`delete from audit_entry where id = any(${ids.filter((id) => id < 0).map((id) => -id)}::bigint[])`.execute(trx)
  await trx.deleteFrom('audit_batch').where('position', '<', batch.position).execute()
  await sql`update audit_batch set rows = '{}', salts = '', hashes = substring(hashes from length(hashes) - 31), history_max = 0,
    entry_max = 0, removed = true where position = ${batch.position}`.execute(trx)
  return ids.length
}

/** In a batch that is kept. */
async function isChained(trx: Trx, entryId: number, through: number): Promise<boolean> {
  const { rows } = await sql`select 1 from audit_batch where position > ${through} and entry_max >= ${entryId}
    and ${-entryId}::bigint = any(rows) limit 1`.execute(trx)
  return rows.length > 0
}
