/**
 * The only writer of state columns: one compare-and-set statement with its history row, in the caller's transaction.
 *
 * @module
 */
import { sql, type Compilable, type OperationNodeSource, type RawBuilder, type Selectable, type Transaction } from 'kysely'
import { AppError } from '../domain/errors.ts'
import { agentMachine, agentWorkMachine } from '../domain/agent/agent-machine.ts'
import { applicationMachine } from '../domain/application/application-machine.ts'
import { approvalMachine } from '../domain/approval/approval-machine.ts'
import { deploymentMachine } from '../domain/deployment/deployment-machine.ts'
import type { Machine } from '../domain/machine.ts'
import { deliveryMachine } from '../domain/notice/delivery-machine.ts'
import { orderMachine } from '../domain/order/order-machine.ts'
import { paymentMachine } from '../domain/payment/payment-machine.ts'
import { renewalMachine } from '../domain/renewal/renewal-machine.ts'
import { reviewMachine } from '../domain/review/review-machine.ts'
import { revocationMachine } from '../domain/revocation/revocation-machine.ts'
import { writeLater, type Refusal } from './later.ts'
import type { Tables } from './tables.ts'

export type Trx = Transaction<Tables>

const MACHINES = {
  agent: agentMachine,
  agent_work: agentWorkMachine,
  application: applicationMachine,
  approval: approvalMachine,
  deployment: deploymentMachine,
  notice_delivery: deliveryMachine,
  order: orderMachine,
  payment: paymentMachine,
  renewal: renewalMachine,
  review: reviewMachine,
  revocation: revocationMachine,
} as const

/** Of PostgreSQL. */
const NOT_NULL_VIOLATION = '23502'

export type Subject = keyof typeof MACHINES
export type StateOf<S extends Subject> = (typeof MACHINES)[S]['states'][number]

export interface HistoryFacts {
  readonly accountId: string
  readonly certificateId: string | null
  /** Who did it: a token's name, `evercert` for the service itself. */
  readonly actor: string
  readonly detail?: string | null
  readonly now: number
}

export interface TransitionRequest<S extends Subject> extends HistoryFacts {
  readonly subject: S
  readonly id: string
  readonly from: StateOf<S>
  readonly to: StateOf<S>
  /** What else of the row changes with its state. */
  readonly set?: Partial<Omit<ColumnsOf<S>, 'id' | 'account_id' | 'state' | 'version'>>
}

/** `jsonb` columns take JSON text. */
type ColumnsOf<S extends Subject> = {
  readonly [Column in keyof Selectable<Tables[S]>]: Selectable<Tables[S]>[Column] | RawBuilder<unknown>
}

/**
 * Moves one row from a state to the next. Zero rows means that somebody else was quicker.
 *
 * @throws AppError `conflict` when the row is not in `from`, or the machine has no such step
 */
export async function transition<S extends Subject>(trx: Trx, request: TransitionRequest<S>): Promise<void> {
  const { subject, id, from, to, accountId } = request
  const machine = MACHINES[subject] as unknown as Machine<string>
  if (!machine.can(from, to)) throw conflict(subject, id, from, to)
  const others = Object.entries(request.set ?? {}).map(([column, value]) => sql`, ${sql.ref(column)} = ${value}`)
  // Whose row did not move writes a line without an account, which the timeline refuses.
  const write = sql`
    with moved as (
      update ${sql.table(subject)} set state = ${to}, version = version + 1${sql.join(others, sql``)}
      where id = ${id} and account_id = ${accountId} and state = ${from} returning id, account_id)
    insert into history (account_id, certificate_id, subject, subject_id, from_state, to_state, actor, detail, at)
    select moved.account_id, ${request.certificateId}, ${subject}, ${id}, ${from}, ${to}, ${request.actor}, ${request.detail ?? null},
      ${new Date(request.now)} from (select) as one left join moved on true`.compile(trx)
  await writeLater(trx, write, (error) => (isUnmoved(error) ? conflict(subject, id, from, to) : error))
}

function isUnmoved(error: unknown): boolean {
  const { code, table, column } = error as { code?: unknown; table?: unknown; column?: unknown }
  return code === NOT_NULL_VIOLATION && table === 'history' && column === 'account_id'
}

function conflict(subject: string, id: string, from: string, to: string): AppError {
  return new AppError('conflict', `Moving ${subject} ${id} from ${from} to ${to}: its state does not allow it: read it again.`, {
    stale: true,
  })
}

export interface HistoryEntry extends HistoryFacts {
  readonly subject: string
  readonly subjectId: string
  readonly fromState: string | null
  readonly toState: string
}

/** One line of the timeline, or several: for effects that change no state. */
export async function recordHistory(trx: Trx, ...entries: readonly HistoryEntry[]): Promise<void> {
  if (entries.length === 0) return
  const lines = trx.insertInto('history').values(
    entries.map((entry) => ({
      account_id: entry.accountId,
      certificate_id: entry.certificateId,
      subject: entry.subject,
      subject_id: entry.subjectId,
      from_state: entry.fromState,
      to_state: entry.toState,
      actor: entry.actor,
      detail: entry.detail ?? null,
      at: new Date(entry.now),
    })),
  )
  await writeLater(trx, lines)
}

type InsertOfOne = Compilable<{ id: string }> & OperationNodeSource
type FirstEntry = Omit<HistoryEntry, 'fromState'>

/**
 * A new row with its line of the timeline, in one statement.
 *
 * @param insert of one row, with `returning` its id
 * @throws as {@link writeLater} says
 */
export async function insertWithHistory(trx: Trx, insert: InsertOfOne, entry: FirstEntry, refusal?: Refusal): Promise<void> {
  const write = sql`
    with made as (${insert})
    insert into history (account_id, certificate_id, subject, subject_id, to_state, actor, detail, at)
    select ${entry.accountId}, ${entry.certificateId}, ${entry.subject}, id, ${entry.toState}, ${entry.actor}, ${entry.detail ?? null},
      ${new Date(entry.now)} from made`
  await writeLater(trx, write.compile(trx), refusal)
}
