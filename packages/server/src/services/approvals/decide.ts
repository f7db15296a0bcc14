/**
 * The second person's yes or no, and what who asked may still do. A yes does what was asked in its own transaction, if it still is what was asked.
 *
 * @module
 */
import { contract, type ApprovalView, type Scope } from '@evercert/contract'
import { isDeadlock, settle } from '../../db/later.ts'
import type { Trx } from '../../db/transition.ts'
import { APPROVER_SCOPE } from '../../domain/approval/rules.ts'
import { AppError } from '../../domain/errors.ts'
import { DAY_MS } from '../../domain/time.ts'
import { findCaller } from '../access/callers.ts'
import { requireNarrowed } from '../access/narrowing.ts'
import { EVERCERT_ACTOR, notFound, personOf, type Caller, type Services } from '../context.ts'
import { whileStale } from '../idempotency.ts'
import { approvalQuery, approversOf, loadMembers, moveApproval, type ApprovalRow } from './approval-row.ts'
import { isSame } from './gate.ts'
import { describe, GUARDED, isGuarded, type GuardedOperation } from './guarded.ts'
import { loadApproval } from './list.ts'
import { lockAccount } from './rules.ts'
import { tellDecision } from './tell-decision.ts'

/** How long a go-ahead may be used. */
const GO_AHEAD_MS = DAY_MS

/**
 * It is done in the same transaction, once, as who asked; or may be done once by them. What cannot be done any more as it was asked lapses.
 *
 * @throws AppError `approverIsRequester`, `approverUnfit`, `conflict` (decided, withdrawn, out of date), `approvalOutdated`, `notFound`, and
 *   what the operation is refused with
 */
export async function approve(services: Services, caller: Caller, id: string): Promise<ApprovalView> {
  services.onStep('approvals.approve', 'intended')
  try {
    // What changed beside it is looked at again: it mostly says what it is.
    await whileStale(() => services.db.transaction().execute((trx) => approveIn(services, trx, caller, id)))
  } catch (error) {
    if (!(error instanceof NotDone)) throw error
    await lapseIfHopeless(services, caller, id, error.reason)
    throw error.reason
  }
  services.onStep('approvals.approve', 'recorded')
  return loadApproval(services, caller, id)
}

async function approveIn(services: Services, trx: Trx, caller: Caller, id: string): Promise<void> {
  await lockAccount(trx, caller.accountId)
  const row = await lockForDecision(services, trx, caller, id)
  const outcome = await carryOut(services, trx, row).catch((error: unknown) => {
    throw isDeadlock(error) || (error instanceof AppError && error.stale) ? error : new NotDone(error)
  })
  const now = services.now()
  const set = {
    ...decidedBy(caller, now),
    ...(outcome === 'approved' && { expires_at: new Date(now + GO_AHEAD_MS) }),
  }
  await moveApproval(trx, row, outcome, { actor: caller.actor, now, set })
  await tellDecision(services, trx, row, { outcome, detail: `By ${caller.actor}.` })
  services.onStep('approvals.approve', 'done')
}

/** What was asked failed, not the decision. */
class NotDone extends Error {
  readonly reason: unknown
  constructor(reason: unknown) {
    super('what was asked was not done')
    this.reason = reason
  }
}

async function carryOut(services: Services, trx: Trx, row: ApprovalRow): Promise<'done' | 'approved'> {
  const { operation, input } = row
  if (!isGuarded(operation)) throw new Error(`approval ${row.id} is for ${operation}, which is not guarded`)
  const requester = await findCaller(services, trx, {
    accountId: row.account_id,
    userId: row.requested_user_id,
    tokenId: row.requested_token_id,
  })
  if (requester === null || !requester.scopes.has(scopeOf(operation)))
    throw outdated(row, `${row.requested_by_name} may not do it any more`)
  await requireNarrowed(trx, requester, { operation, input })
  const asked = await describe(services, trx, requester, { operation, input })
  if (!isSame(row.facts, asked.facts)) throw outdated(row, 'what was asked has changed since')
  const work = GUARDED[operation].perform(input, { services, trx, caller: requester })
  await work
  await settle(trx) // what is refused here is what was asked, not the decision
  return work === null ? 'approved' : 'done'
}

function outdated({ id }: ApprovalRow, why: string): AppError {
  return new AppError('approvalOutdated', `Approving ${id}: ${why}: have it asked anew.`)
}

function scopeOf(operation: GuardedOperation): Scope {
  const [group = '', member = ''] = operation.split('.')
  const procedures = contract[group as keyof typeof contract] as unknown as Readonly<
    Record<string, { '~orpc': { meta: { operation?: { scope: Scope | null } } } }>
  >
  const scope = procedures[member]?.['~orpc'].meta.operation?.scope
  if (scope === undefined || scope === null) throw new Error(`${operation} has no permission`)
  return scope
}

/** Passes by itself: the balance is topped up, the CA answers. */
const PASSING: ReadonlySet<string> = new Set(['paymentRequired', 'issuanceUnderWay'])

async function lapseIfHopeless(services: Services, caller: Caller, id: string, error: unknown): Promise<void> {
  if (!(error instanceof AppError) || error.retry !== 'never' || PASSING.has(error.code)) return
  await services.db.transaction().execute(async (trx) => {
    const row = await lockApproval(trx, caller, id)
    if (row.state !== 'waiting') return
    const set = { problem_code: error.code, problem: error.message }
    await moveApproval(trx, row, 'lapsed', { actor: EVERCERT_ACTOR, now: services.now(), detail: error.message, set })
    await tellDecision(services, trx, row, { outcome: 'lapsed', detail: error.message })
  })
}

/** @throws AppError as {@link approve} */
export async function refuse(services: Services, caller: Caller, id: string, reason: string): Promise<ApprovalView> {
  await services.db.transaction().execute(async (trx) => {
    const row = await lockForDecision(services, trx, caller, id)
    const now = services.now()
    const set = { ...decidedBy(caller, now), decision_reason: reason }
    await moveApproval(trx, row, 'refused', { actor: caller.actor, now, detail: reason, set })
    await tellDecision(services, trx, row, { outcome: 'refused', detail: `By ${caller.actor}: ${reason}` })
  })
  return loadApproval(services, caller, id)
}

/** @throws AppError `notFound`, `forbidden` for who did not ask, `conflict` when it is over */
export async function withdraw(services: Services, caller: Caller, id: string): Promise<ApprovalView> {
  await services.db.transaction().execute(async (trx) => {
    const row = await lockOwn(trx, caller, id)
    if (row.state !== 'waiting' && row.state !== 'approved') throw over(row)
    await moveApproval(trx, row, 'withdrawn', { actor: caller.actor, now: services.now() })
  })
  return loadApproval(services, caller, id)
}

/** @throws AppError as {@link withdraw} */
export async function explain(services: Services, caller: Caller, id: string, why: string): Promise<ApprovalView> {
  await services.db.transaction().execute(async (trx) => {
    const row = await lockOwn(trx, caller, id)
    if (row.state !== 'waiting') throw over(row)
    await trx.updateTable('approval').set({ why }).where('account_id', '=', caller.accountId).where('id', '=', id).execute()
  })
  return loadApproval(services, caller, id)
}

async function lockApproval(trx: Trx, caller: Caller, id: string): Promise<ApprovalRow> {
  const row = await approvalQuery(trx)
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw notFound('approval', id)
  return row
}

async function lockOwn(trx: Trx, caller: Caller, id: string): Promise<ApprovalRow> {
  const row = await lockApproval(trx, caller, id)
  if (row.requested_by === personOf(caller)) return row
  throw new AppError('forbidden', `Changing ${id}: only who asked for it may.`, { facts: { scope: null } })
}

async function lockForDecision(services: Services, trx: Trx, caller: Caller, id: string): Promise<ApprovalRow> {
  const row = await lockApproval(trx, caller, id)
  await checkDecider(trx, caller, row)
  if (row.state !== 'waiting') throw over(row)
  if (row.expires_at.getTime() <= services.now())
    throw new AppError('conflict', `Deciding on ${id}: it waited for too long and is over: have it asked anew.`)
  return row
}

async function checkDecider(trx: Trx, caller: Caller, row: ApprovalRow): Promise<void> {
  if (row.requested_by === personOf(caller))
    throw new AppError('approverIsRequester', `Deciding on ${row.id}: you asked for it: have another member decide.`)
  const approvers = approversOf(await loadMembers(trx, caller.accountId), row)
  const isFit = approvers.some(({ id }) => id === caller.userId) && caller.scopes.has(APPROVER_SCOPE[row.kind])
  if (isFit) return
  const names = approvers.map(({ email }) => email)
  throw new AppError('approverUnfit', `Deciding on ${row.id}: you may not: those who may: ${names.join(', ') || 'nobody now'}.`, {
    facts: { approvers: names },
  })
}

function over({ id, state }: ApprovalRow): AppError {
  return new AppError('conflict', `Changing ${id}: it does not wait any more: it is ${state}.`, { facts: { state } })
}

function decidedBy(caller: Caller, now: number) {
  return { decided_by: personOf(caller), decided_by_name: caller.actor, decided_at: new Date(now) }
}
