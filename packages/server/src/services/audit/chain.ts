/**
 * The chain as lines: for its verification, and as a file.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import {
  auditDigest,
  auditText,
  formatAuditLine,
  PkiError,
  readAuditCheckpoint,
  verifyAuditChain,
  type AuditCheckpoint,
  type AuditFault,
  type AuditLine,
  type AuditReport,
  type AuditTrust,
  type PublicJwk,
} from '@evercert/pki'
import type { AuditCheckpointView, AuditVerification } from '@evercert/contract'
import { exactTime, loadAuditRows, type AuditRow } from '../../db/audit.ts'
import { AppError } from '../../domain/errors.ts'
import { requireScope } from '../accounts.ts'
import type { Caller, Services } from '../context.ts'
import { findAnchorFault } from './anchor.ts'
import { loadCheckpointKeys, readCheckpointOrNull } from './checkpoint.ts'
import { LEAST_RETENTION_MS } from './retention.ts'

/** A batch has up to 2000 lines. */
const BATCHES_AT_ONCE = 10
/** Lines that are hashed without a pause: a millisecond or two. */
const GIVE_WAY_AFTER = 100

interface Batch {
  readonly position: number
  readonly previous: number
  readonly at: string
  readonly rows: readonly number[]
  readonly salts: Buffer
  readonly hashes: Buffer
  readonly historyMax: number
  readonly entryMax: number
  readonly jws: string
  readonly removed: boolean
}

interface ReadWish {
  /** Whose lines are shown, others' by their digest alone; null: all are. */
  readonly accountId: string | null
  /** Begin with the last checkpoint up to this position. */
  readonly after: number
  readonly onBatch?: (batch: Batch) => void
}

/** Lines as they are in the tables: what is missing or altered there is so here. */
async function* readLines(
  services: Services,
  { accountId, after, onBatch }: ReadWish,
): AsyncGenerator<Exclude<AuditLine, { kind: 'unreadable' }>> {
  let last = await findStart(services, after)
  let isFirst = true
  for (;;) {
    const batches = await loadBatches(services, last, isFirst && last > 0)
    const [newest] = batches.slice(-1)
    if (newest === undefined) return
    const rows = await loadAuditRows(
      services.db,
      batches.flatMap((batch) => batch.rows),
    )
    for (const batch of batches) {
      onBatch?.(batch)
      // Of what comes before the beginning, only the checkpoint.
      if (!(isFirst && (last > 0 || batch.removed))) yield* linesOf(batch, rows, accountId)
      yield { kind: 'checkpoint', jws: batch.jws }
      isFirst = false
      if (batch.rows.length > GIVE_WAY_AFTER) await setImmediate()
    }
    last = newest.position
  }
}

async function findStart({ db }: Services, after: number): Promise<number> {
  if (after === 0) return 0
  const row = await db
    .selectFrom('audit_batch')
    .select(sql<number>`max(position)`.as('position'))
    .where('position', '<=', after)
    .executeTakeFirst()
  return Number(row?.position ?? 0)
}

async function loadBatches({ db }: Services, after: number, including: boolean): Promise<Batch[]> {
  const rows = await db
    .selectFrom('audit_batch')
    .select([
      'position',
      'previous',
      'rows',
      'salts',
      'hashes',
      'history_max',
      'entry_max',
      'jws',
      'removed',
      exactTime('at').as('at'),
    ])
    .where('position', including ? '>=' : '>', after)
    .orderBy('position')
    .limit(BATCHES_AT_ONCE)
    .execute()
  return rows.map((row) => ({
    position: Number(row.position),
    previous: Number(row.previous),
    at: row.at,
    rows: row.rows.map(Number),
    salts: Buffer.from(row.salts),
    hashes: Buffer.from(row.hashes),
    historyMax: Number(row.history_max),
    entryMax: Number(row.entry_max),
    jws: row.jws,
    removed: row.removed,
  }))
}

function* linesOf(batch: Batch, rows: ReadonlyMap<number, AuditRow>, accountId: string | null) {
  for (const [index, id] of batch.rows.entries()) {
    const position = batch.previous + index + 1
    const row = rows.get(id)
    if (row === undefined) continue
    const salt = batch.salts.subarray(16 * index, 16 * index + 16).toString('hex')
    const hash = batch.hashes.subarray(32 * index, 32 * index + 32).toString('hex')
    const text = auditText(position, row.fields)
    if (accountId === null || row.accountId === accountId) yield { kind: 'record', position, salt, hash, text } as const
    else yield { kind: 'hidden', position, digest: auditDigest(salt, text), hash } as const
  }
}

/**
 * The chain as it is in the database, from its beginning.
 *
 * @param kept a checkpoint that was kept elsewhere, as JWS; null: none
 * @throws AppError `invalid` when the kept one is not one of this installation
 */
export async function verifyAudit(services: Services, kept: string | null): Promise<AuditVerification> {
  const keys = await loadCheckpointKeys(services)
  const trust = { keys, kept: kept === null ? null : readKept(kept, keys) }
  const beginning = await findBeginning(services)
  const verification = await verifyOnce(services, trust)
  // Retention may have removed what was about to be read: then once more.
  const isSame = verification.fault === null || beginning === (await findBeginning(services))
  return isSame ? verification : verifyOnce(services, trust)
}

async function findBeginning({ db }: Services): Promise<string> {
  const row = await db.selectFrom('audit_batch').select(['position', 'removed']).orderBy('position').limit(1).executeTakeFirst()
  return `${row?.position} ${row?.removed}`
}

async function verifyOnce(services: Services, trust: AuditTrust): Promise<AuditVerification> {
  const { keys } = trust
  const columns = new ColumnCheck(keys)
  const report = await verifyAuditChain(
    readLines(services, { accountId: null, after: 0, onBatch: (batch) => columns.take(batch) }),
    trust,
  )
  const fault = earliest(earliest(report.fault, columns.fault), wrongBeginning(services, report))
  const left = fault === null ? await countUnsealed(services, columns) : { unsealed: 0, fault: null }
  return {
    fault: fault ?? left.fault ?? (await findAnchorFault(services)),
    from: report.from?.position ?? 0,
    position: report.checkpoint?.position ?? 0,
    records: report.records,
    unsealed: left.unsealed,
    retentionAt: report.retentionAt,
    keptTooOld: report.keptTooOld,
  }
}

function earliest(a: AuditFault | null, b: AuditFault | null): AuditFault | null {
  if (a === null || b === null) return a ?? b
  return b.position < a.position ? b : a
}

/** What is missing at the beginning was announced in the chain before it was removed. */
function wrongBeginning({ now }: Services, { from, retentionAt }: AuditReport): AuditFault | null {
  if (from === null) return null
  // No setting removes younger lines, whatever a line says.
  if (retentionAt !== null && Date.parse(from.at) <= now() - LEAST_RETENTION_MS) return null
  return { kind: 'removed', position: 1, through: from.position, line: null, expected: 'a line that says so', found: null }
}

/** Columns of batches that the lines do not show: they repeat what is signed, or what the rows say. */
class ColumnCheck {
  fault: AuditFault | null = null
  /** Of each source, how many are chained. */
  readonly counts = { history: 0, entry: 0 }
  readonly #keys: readonly PublicJwk[]

  constructor(keys: readonly PublicJwk[]) {
    this.#keys = keys
  }

  take(batch: Batch): void {
    const ofHistory = batch.rows.filter((id) => id > 0)
    this.counts.history += ofHistory.length
    this.counts.entry += batch.rows.length - ofHistory.length
    if (this.fault !== null) return
    const found = this.#describe(batch)
    if (found !== null)
      this.fault = { kind: 'altered', position: batch.previous + 1, through: batch.position, line: null, expected: null, found }
  }

  #describe({ rows, salts, hashes, ...batch }: Batch): string | null {
    const claims = readCheckpointOrNull(batch.jws, this.#keys)
    if (claims === null) return null // told by the chain
    const { position, previous, at } = claims
    if (position !== batch.position || previous !== batch.previous || at.replace('Z', '000Z') !== batch.at)
      return 'columns of its batch'
    if (batch.removed)
      return rows.length === 0 && salts.length === 0 && hashes.length === 32 ? null : 'a batch that is said to be removed'
    const fits = rows.length === position - previous && salts.length === 16 * rows.length && hashes.length === 32 * rows.length
    const maxOf = (sign: 1 | -1): number => rows.reduce((max, id) => Math.max(max, sign * id), 0)
    return fits && batch.historyMax === maxOf(1) && batch.entryMax === maxOf(-1) ? null : 'columns of its batch'
  }
}

function readKept(jws: string, keys: readonly PublicJwk[]): AuditCheckpoint {
  try {
    return readAuditCheckpoint(jws, keys)
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    throw new AppError('invalid', `Reading the kept checkpoint: ${error.message} Give one that this installation signed.`)
  }
}

/** Rows that are in no batch are new. Below the low marks there is none, unless batches were taken away with their checkpoints. */
async function countUnsealed({ db }: Services, { counts }: ColumnCheck): Promise<{ unsealed: number; fault: AuditFault | null }> {
  const { rows } = await sql<Record<'history' | 'entry' | 'old' | 'position', number>>`
    select (select count(*) from history) as history, (select count(*) from audit_entry) as entry,
      (select count(*) from history left join (select unnest(rows) as id from audit_batch) chained using (id)
        where id <= history_low and chained.id is null)
      + (select count(*) from audit_entry left join (select -unnest(rows) as id from audit_batch) chained using (id)
        where id <= entry_low and chained.id is null) as old,
      coalesce((select max(position) from audit_batch), 0) as position
    from audit_head`.execute(db)
  const [row] = rows
  const unsealed = Math.max(0, Number(row?.history) + Number(row?.entry) - counts.history - counts.entry)
  if (Number(row?.old) === 0) return { unsealed, fault: null }
  const position = Number(row?.position) + 1
  const found = `${row?.old} rows that were chained before`
  return { unsealed, fault: { kind: 'cutOff', position, through: position, line: null, expected: null, found } }
}

/** Newest first; the same for everybody who may read the log: they say when and how much, and of nobody. */
export async function listCheckpoints(
  { db }: Services,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: AuditCheckpointView[]; nextCursor: string | null }> {
  let query = db
    .selectFrom('audit_batch')
    .select(['position', 'hashes', 'at', 'jws'])
    .orderBy('position', 'desc')
    .limit(limit + 1)
  if (cursor !== undefined) query = query.where('position', '<', parseCursor(cursor))
  const rows = await query.execute()
  const shown = rows.slice(0, limit).map(({ position, hashes, at, jws }) => ({
    position: Number(position),
    hash: Buffer.from(hashes).subarray(-32).toString('hex'),
    at: at.toISOString(),
    jws,
  }))
  return { items: shown, nextCursor: rows.length > limit ? String(shown.at(-1)?.position ?? '') : null }
}

function parseCursor(cursor: string): number {
  if (/^[1-9]\d{0,15}$/.test(cursor)) return Number(cursor)
  throw new AppError('invalid', 'Reading the cursor: it is not one of this list: take nextCursor as it came.')
}

const LINES_AT_ONCE = 500

/** Made while it is sent. @throws AppError `forbidden` for all accounts' lines without being the operator */
export function exportAudit(
  services: Services,
  caller: Caller,
  { after, installation }: { readonly after: number; readonly installation: boolean },
): { readonly headers: Record<string, string>; readonly body: ReadableStream<Uint8Array> } {
  if (installation) requireScope(caller, 'installation:operate')
  const lines = readLines(services, { accountId: installation ? null : caller.accountId, after })
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const texts: string[] = []
        while (texts.length < LINES_AT_ONCE) {
          const { value, done } = await lines.next()
          if (done === true) break
          texts.push(`${formatAuditLine(value)}\n`)
        }
        if (texts.length > 0) controller.enqueue(encoder.encode(texts.join('')))
        if (texts.length < LINES_AT_ONCE) controller.close()
      },
      cancel: async () => void (await lines.return(undefined)),
    },
    { highWaterMark: 0 },
  )
  const name = `audit-${new Date(services.now()).toISOString().slice(0, 10)}.ndjson`
  return {
    headers: { 'content-type': 'application/x-ndjson; charset=utf-8', 'content-disposition': `attachment; filename="${name}"` },
    body,
  }
}
