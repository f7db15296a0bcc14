/**
 * The tables of the audit log, as Kysely sees them.
 *
 * @module
 */
import type { ColumnType, Generated } from 'kysely'
import type { AuditActorKind, AuditOutcome } from '@evercert/contract'

export interface AuditEntryTable {
  id: Generated<string>
  account_id: string | null
  at: Date
  actor: string
  actor_kind: AuditActorKind
  actor_id: string | null
  action: string
  subject: string | null
  subject_id: string | null
  outcome: AuditOutcome
  address: string | null
  request_id: string | null
  /** JSON text, kept as it was written: its bytes are hashed. */
  details: string
}

export interface AuditIntentTable {
  id: string
  at: Date
  /** JSON of an `AuditEvent`. */
  entry: string
}

export interface AuditBatchTable {
  /** Of its last line. */
  position: number
  previous: number
  at: Date
  /** Ids of history; of audit_entry with a minus. */
  rows: number[]
  salts: Uint8Array
  hashes: Uint8Array
  history_max: number
  entry_max: number
  jws: string
  /** Its lines are gone by retention; the checkpoint stays. */
  removed: Generated<boolean>
}

export interface AuditHeadTable {
  only_row: Generated<boolean>
  history_low: number
  entry_low: number
  history_mark: number
  entry_mark: number
  mark_xid: number
  marked_at: ColumnType<Date, never, Date>
  retention_through: number | null
  retention_entry_id: number | null
}
