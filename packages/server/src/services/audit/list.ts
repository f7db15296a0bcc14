/**
 * The log as people look through it: changes of state and everything else in one list, newest first.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { AuditActorKind, AuditEntryView, AuditOutcome } from '@evercert/contract'
import { exactTime, type AuditSource } from '../../db/audit.ts'
import { AppError } from '../../domain/errors.ts'
import { requireScope } from '../accounts.ts'
import type { Caller, Services } from '../context.ts'

export interface AuditQuery {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly subject?: string | undefined
  readonly subjectId?: string | undefined
  readonly outcome?: AuditOutcome | undefined
  readonly installation: boolean
  readonly cursor?: string | undefined
  readonly limit: number
}

interface Row {
  readonly source: AuditSource
  readonly id: number
  readonly at_text: string
  readonly account_id: string | null
  readonly actor: string
  readonly actor_kind: AuditActorKind | null
  readonly action: string
  readonly subject: string | null
  readonly subject_id: string | null
  readonly outcome: AuditOutcome
  readonly address: string | null
  readonly request_id: string | null
  readonly details: string
}

interface Place {
  readonly at: string
  readonly source: AuditSource
  readonly id: string
}

/** @throws AppError `forbidden`, `invalid` for a cursor that it did not give */
export async function listAudit(
  services: Services,
  caller: Caller,
  query: AuditQuery,
): Promise<{ items: AuditEntryView[]; nextCursor: string | null }> {
  if (query.installation) requireScope(caller, 'installation:operate')
  const after = query.cursor === undefined ? null : parseCursor(query.cursor)
  const wanted = { ...query, accountId: query.installation ? null : caller.accountId, after, limit: query.limit + 1 }
  const { rows } = await sql<Row>`
    select * from (${ofHistory(wanted)} union all ${ofEntries(wanted)}) as each
    order by at desc, source desc, id desc limit ${wanted.limit}`.execute(services.db)
  const shown = rows.slice(0, query.limit)
  const last = shown.at(-1)
  const isMore = rows.length > query.limit && last !== undefined
  return { items: shown.map(toView), nextCursor: isMore ? `${last.at_text}_${last.source}_${last.id}` : null }
}

interface Wanted extends AuditQuery {
  readonly accountId: string | null
  readonly after: Place | null
}

function ofHistory(wanted: Wanted): RawBuilder<unknown> {
  const { action, subject, subjectId, outcome } = wanted
  const [name, state] = action?.split('.') ?? []
  const conditions = [
    ...common(wanted, 'history'),
    ...(name === undefined ? [] : [sql`subject = ${name}`]),
    ...(state === undefined ? [] : [sql`to_state = ${state}`]),
    ...(subject === undefined ? [] : [sql`subject = ${subject}`]),
    ...(subjectId === undefined ? [] : [sql`(subject_id = ${subjectId} or certificate_id = ${subjectId})`]),
    ...(outcome === undefined || outcome === 'done' ? [] : [sql`false`]),
  ]
  return sql`(select 'history'::text as source, id, at, ${exactTime('at')} as at_text, account_id, actor, null::text as actor_kind,
    subject || '.' || to_state as action, subject, subject_id, 'done'::text as outcome, null::text as address, null::text as request_id,
    json_build_object('from', from_state, 'to', to_state, 'certificateId', certificate_id, 'detail', detail)::text as details
    from (select * from history where ${sql.join(conditions, sql` and `)} order by at desc, id desc limit ${wanted.limit}) as chosen)`
}

function ofEntries(wanted: Wanted): RawBuilder<unknown> {
  const { action, subject, subjectId, outcome } = wanted
  const isExact = action?.includes('.') === true
  const conditions = [
    ...common(wanted, 'entry'),
    ...(action === undefined ? [] : [isExact ? sql`action = ${action}` : sql`split_part(action, '.', 1) = ${action}`]),
    ...(subject === undefined ? [] : [sql`subject = ${subject}`]),
    ...(subjectId === undefined ? [] : [sql`subject_id = ${subjectId}`]),
    ...(outcome === undefined ? [] : [sql`outcome = ${outcome}`]),
  ]
  return sql`(select 'entry'::text as source, id, at, ${exactTime('at')} as at_text, account_id, actor, actor_kind, action, subject, subject_id,
    outcome, address, request_id, details
    from (select * from audit_entry where ${sql.join(conditions, sql` and `)} order by at desc, id desc limit ${wanted.limit}) as chosen)`
}

function common({ accountId, actor, from, to, after }: Wanted, source: AuditSource): RawBuilder<unknown>[] {
  return [
    accountId === null ? sql`true` : sql`account_id = ${accountId}`,
    ...(actor === undefined ? [] : [sql`actor = ${actor}`]),
    ...(from === undefined ? [] : [sql`at >= ${from}::timestamptz`]),
    ...(to === undefined ? [] : [sql`at < ${to}::timestamptz`]),
    ...(after === null ? [] : [behind(after, source)]),
  ]
}

/** In the order of (at, source, id), downwards. */
function behind(after: Place, source: AuditSource): RawBuilder<unknown> {
  const at = sql`${after.at}::timestamptz`
  if (source === after.source) return sql`(at, id) < (${at}, ${after.id}::bigint)`
  return source < after.source ? sql`at <= ${at}` : sql`at < ${at}`
}

const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)_(history|entry)_([1-9]\d{0,17})$/

function parseCursor(cursor: string): Place {
  const [, at, source, id] = CURSOR.exec(cursor) ?? []
  if (at === undefined || id === undefined || Number.isNaN(Date.parse(at)))
    throw new AppError('invalid', 'Reading the cursor: it is not one of this list: take nextCursor as it came.')
  return { at, source: source === 'history' ? 'history' : 'entry', id }
}

function toView(row: Row): AuditEntryView {
  return {
    source: row.source,
    id: String(row.id),
    at: row.at_text,
    accountId: row.account_id,
    actor: row.actor,
    actorKind: row.actor_kind,
    action: row.action,
    subject: row.subject,
    subjectId: row.subject_id,
    outcome: row.outcome,
    address: row.address,
    requestId: row.request_id,
    details: JSON.parse(row.details) as Record<string, unknown>,
  }
}
