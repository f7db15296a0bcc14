/**
 * Chains what was written since, and signs it. Writers know nothing of it: they wait neither for one another nor for this. One process at a
 * time does it, a batch in one transaction, so that there is no line without its checkpoint.
 *
 * Ids are not given in the order of commits. A row whose transaction ends late has a lower id than one that is chained already, and gets its
 * place in a later batch: rows are looked for above the low marks, less those that batches have. The marks move up only to ids below which no
 * transaction is under way any more.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import {
  AUDIT_CHECKPOINT_TYPE,
  AUDIT_GENESIS,
  auditDigest,
  auditHash,
  auditText,
  signStatement,
  type PublicJwk,
} from '@evercert/pki'
import { findUnsealed, type AuditRow } from '../../db/audit.ts'
import type { Trx } from '../../db/transition.ts'
import type { Services } from '../context.ts'
import { raiseAuditAlarm } from './alarm.ts'
import { moveAnchor } from './anchor.ts'
import { loadCheckpointKeys, readBatch } from './checkpoint.ts'
import { ensureReceiptKey, type ReceiptKey } from '../receipts/key.ts'

/** Of each source; a batch is a few tenths of a second at most. */
const MAX_ROWS = 1000
/** Between taking an id and its transaction having a number of its own there is an instant; this is much longer. */
const MARK_REST_SECONDS = 10
const STEP = 'sealAudit'

/** Seals what there is, batch after batch, until nothing is left or the time is over. @returns how many lines */
export async function sealAudit(services: Services, { forMs = 1000 }: { readonly forMs?: number } = {}): Promise<number> {
  const until = performance.now() + forMs
  let sealed = 0
  while (await isSomethingNew(services)) {
    const key = await ensureReceiptKey(services)
    services.onStep(STEP, 'intended')
    const signing = { key, keys: await loadCheckpointKeys(services) }
    const rows = await services.db
      .transaction()
      .execute(async (trx) => {
        const count = await sealBatch(services, trx, signing)
        services.onStep(STEP, 'done')
        return count
      })
      .catch((error: unknown) => {
        if (!(error instanceof ForgedEnd)) throw error
        raiseAuditAlarm(services, { kind: 'checkpointForged', position: error.position })
        return 0
      })
    services.onStep(STEP, 'recorded')
    sealed += rows
    if (rows === 0 || performance.now() > until) break
  }
  if (sealed > 0) await moveAnchor(services)
  return sealed
}

interface Signing {
  readonly key: ReceiptKey
  /** All of ours. */
  readonly keys: readonly PublicJwk[]
}

/** Nothing is chained on what we did not sign: it would be signed with it. */
class ForgedEnd extends Error {
  readonly position: number
  constructor(position: number) {
    super('the newest batch is not what was signed')
    this.position = position
  }
}

async function isSomethingNew({ db }: Services): Promise<boolean> {
  const { rows } = await sql<{ is_new: boolean }>`
    select coalesce((select max(id) from history) > history_low, false) or coalesce((select max(id) from audit_entry) > entry_low, false)
      as is_new from audit_head`.execute(db)
  return rows[0]?.is_new === true
}

interface Head {
  readonly history_low: number
  readonly entry_low: number
  readonly history_mark: number
  readonly entry_mark: number
  readonly history_max: number
  readonly entry_max: number
  /** No transaction of before the marks is under way. */
  readonly is_final: boolean
  readonly next_xid: number
}

async function sealBatch(services: Services, trx: Trx, signing: Signing): Promise<number> {
  const head = await lockHead(services, trx)
  if (head === null) return 0 // another process is at it
  const rows = await findUnsealed(trx, { historyLow: head.history_low, entryLow: head.entry_low, limit: MAX_ROWS })
  if (rows.length > 0) await insertBatch(services, trx, rows, signing)
  await moveMarks(trx, head, rows)
  return rows.length
}

async function lockHead({ database }: Services, trx: Trx): Promise<Head | null> {
  // The one connection of the embedded database is ours now: nothing is under way.
  const alone = database.kind === 'embedded'
  const { rows } = await sql<Head>`
    select history_low, entry_low, history_mark, entry_mark,
      coalesce((select max(id) from history), 0) as history_max, coalesce((select max(id) from audit_entry), 0) as entry_max,
      -- A mark above all numbers is of a database that this one was restored from.
      ${alone}::boolean or mark_xid > next_xid or (mark_xid <= oldest_xid and marked_at < now() - make_interval(secs => ${MARK_REST_SECONDS})) as is_final,
      next_xid
    from audit_head, lateral (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_xid,
      pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next_xid) as snapshot
    for update of audit_head skip locked`.execute(trx)
  const [row] = rows
  if (row === undefined) return null
  return alone ? { ...row, history_mark: row.history_max, entry_mark: row.entry_max } : row
}

async function insertBatch(services: Services, trx: Trx, rows: readonly AuditRow[], { key, keys }: Signing): Promise<void> {
  const last = await trx
    .selectFrom('audit_batch')
    .select(['position', 'hashes', 'jws'])
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst()
  const previous = Number(last?.position ?? 0)
  const end = last === undefined ? null : readBatch(last, keys)
  if (last !== undefined && end === null) throw new ForgedEnd(previous)
  let hash = end?.hash ?? AUDIT_GENESIS
  const salts = randomBytes(16 * rows.length)
  const hashes: string[] = []
  const ordered = rows.toSorted((a, b) => compare(a.at, b.at) || compare(a.source, b.source) || a.id - b.id)
  ordered.forEach(({ fields }, index) => {
    const salt = salts.subarray(16 * index, 16 * index + 16).toString('hex')
    hash = auditHash(hash, auditDigest(salt, auditText(previous + index + 1, fields)))
    hashes.push(hash)
  })
  const position = previous + rows.length
  const at = new Date(services.now())
  const claims = { iss: services.publicUrl ?? 'evercert', position, previous, hash, at: at.toISOString() }
  await sql`insert into audit_batch (position, previous, at, rows, salts, hashes, history_max, entry_max, jws) values
    (${position}, ${previous}, ${at}, ${ordered.map(({ source, id }) => (source === 'history' ? id : -id))}::bigint[], ${salts},
      ${Buffer.from(hashes.join(''), 'hex')}, ${maxOf(rows, 'history')}, ${maxOf(rows, 'entry')},
      ${signStatement(claims, key, AUDIT_CHECKPOINT_TYPE)})`.execute(trx)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function maxOf(rows: readonly AuditRow[], source: AuditRow['source']): number {
  return rows.reduce((max, row) => (row.source === source ? Math.max(max, row.id) : max), 0)
}

/** A source that gave all that was asked for may have more below its mark: its low mark goes as far as the last row. */
async function moveMarks(trx: Trx, head: Head, rows: readonly AuditRow[]): Promise<void> {
  if (!head.is_final) return
  const lowOf = (source: AuditRow['source'], mark: number): number => {
    const own = rows.filter((row) => row.source === source)
    return own.length < MAX_ROWS ? mark : Math.min(mark, maxOf(own, source))
  }
  const historyLow = Math.max(Number(head.history_low), lowOf('history', Number(head.history_mark)))
  const entryLow = Math.max(Number(head.entry_low), lowOf('entry', Number(head.entry_mark)))
  const reached = historyLow >= head.history_mark && entryLow >= head.entry_mark
  await trx
    .updateTable('audit_head')
    .set({
      history_low: historyLow,
      entry_low: entryLow,
      ...(reached && {
        history_mark: head.history_max,
        entry_mark: head.entry_max,
        mark_xid: head.next_xid,
        marked_at: sql<Date>`now()`,
      }),
    })
    .execute()
}
