/**
 * Rows of the audit log as texts, exactly as the database has them: every column of them is hashed.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { Db } from './connect.ts'
import type { Trx } from './transition.ts'

export type AuditSource = 'history' | 'entry'
export type AuditFields = readonly (readonly [name: string, value: string | null])[]

export interface AuditRow {
  readonly source: AuditSource
  readonly id: number
  readonly accountId: string | null
  readonly at: string
  readonly fields: AuditFields
}

/** Microseconds, which a Date does not have. */
export const exactTime = (column: string): RawBuilder<string> =>
  sql<string>`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

const HISTORY = ['accountId', 'certificateId', 'subject', 'subjectId', 'fromState', 'toState', 'actor', 'detail', 'at'] as const
const HISTORY_VALUES = sql`json_build_array(account_id, certificate_id, subject, subject_id, from_state, to_state, actor, detail, ${exactTime('at')})::text`
const ENTRY = [
  'accountId',
  'actor',
  'actorKind',
  'actorId',
  'action',
  'subject',
  'subjectId',
  'outcome',
  'address',
  'requestId',
  'details',
  'at',
] as const
const ENTRY_VALUES = sql`json_build_array(account_id, actor, actor_kind, actor_id, action, subject, subject_id, outcome, address, request_id, details,
  ${exactTime('at')})::text`

interface Row {
  readonly source: AuditSource
  readonly id: number | string | bigint
  /** A JSON array: read quicker than one of the database's own. */
  readonly fields: string
}

/** Those above the marks that no batch has, of each source the first ones by id. */
export async function findUnsealed(
  trx: Trx,
  { historyLow, entryLow, limit }: { readonly historyLow: number; readonly entryLow: number; readonly limit: number },
): Promise<AuditRow[]> {
  // The texts are made of those that were chosen: before the limit they would be made of all.
  const { rows } = await sql<Row>`
    select 'history' as source, id, ${HISTORY_VALUES} as fields from (select * from history where id > ${historyLow} and id not in
      (select unnest(rows) from audit_batch where history_max > ${historyLow}) order by id limit ${limit}) as chosen
    union all
    select 'entry' as source, id, ${ENTRY_VALUES} as fields from (select * from audit_entry where id > ${entryLow} and -id not in
      (select unnest(rows) from audit_batch where entry_max > ${entryLow}) order by id limit ${limit}) as chosen`.execute(trx)
  return rows.map(toRow)
}

/** By the ids of a batch: positive of history, negative of audit_entry. What is missing is missing. */
export async function loadAuditRows(db: Db, ids: readonly number[]): Promise<Map<number, AuditRow>> {
  const ofHistory = ids.filter((id) => id > 0)
  const ofEntries = ids.filter((id) => id < 0).map((id) => -id)
  const { rows } = await sql<Row>`
    select 'history' as source, id, ${HISTORY_VALUES} as fields from history where id = any(${ofHistory}::bigint[])
    union all
    select 'entry' as source, id, ${ENTRY_VALUES} as fields from audit_entry where id = any(${ofEntries}::bigint[])`.execute(db)
  return new Map(rows.map(toRow).map((row) => [row.source === 'history' ? row.id : -row.id, row]))
}

function toRow({ source, id, fields }: Row): AuditRow {
  const values = JSON.parse(fields) as (string | null)[]
  const names = source === 'history' ? HISTORY : ENTRY
  return {
    source,
    id: Number(id),
    accountId: values[0] ?? null,
    at: values.at(-1) ?? '',
    fields: [['source', source], ['id', String(id)], ...names.map((name, index) => [name, values[index] ?? null] as const)],
  }
}
