/**
 * The gate before what may need a second person: lets through, or records the request and says that it waits.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { AccountRules } from '@evercert/contract'
import { recordHistory, type Trx } from '../../db/transition.ts'
import { wantsSecondPerson } from '../../domain/approval/rules.ts'
import { AppError } from '../../domain/errors.ts'
import { DAY_MS } from '../../domain/time.ts'
import { requireFresh } from '../access/fresh.ts'
import { EVERCERT_ACTOR, newId, personOf, type Caller, type Services } from '../context.ts'
import { planAccountNotice, planPersonalNotices } from '../notices/plan.ts'
import { approvalQuery, approversOf, loadMembers, moveApproval, OPEN, type ApprovalRow, type Member } from './approval-row.ts'
import { describe, GUARDED, type Asked, type GuardedOperation } from './guarded.ts'
import { loadRules, lockAccount, setRules } from './rules.ts'

/** Long enough for holidays to end. */
const WAITING_MS = 7 * DAY_MS

export interface GuardedCall {
  readonly operation: GuardedOperation
  readonly input: unknown
}

/** Uses the go-ahead in the transaction that does what was asked, while that is still what was approved (`conflict`); null: none is needed. */
export type UseApproval = ((trx: Trx) => Promise<void>) | null

/**
 * @param rules of moments ago; by default they are read
 * @throws AppError `secondPersonNeeded` with the recorded request; `noSecondPerson` when nobody could approve; and, where the rules want a second
 *   person for anything, what the operation itself would refuse with
 */
export async function passGate(
  services: Services,
  caller: Caller,
  call: GuardedCall,
  rules?: AccountRules,
): Promise<UseApproval> {
  if (!wantsSecondPerson(rules ?? (await loadRules(services.db, caller.accountId)))) return null
  const passage = await services.db.transaction().execute(async (trx) => {
    await lockAccount(trx, caller.accountId) // before the request and what it is about, as whoever approves it
    return tryGate(services, trx, caller, call)
  })
  if (passage.refusal !== null) throw passage.refusal
  const { goAhead } = passage
  if (goAhead === null) return null
  return async (trx) => {
    const asked = await describe(services, trx, caller, call)
    if (!isSame(goAhead.facts, asked.facts))
      throw new AppError(
        'conflict',
        `Calling ${call.operation} for ${asked.subject}: what was approved has changed meanwhile: ask again.`,
        {
          stale: true,
        },
      )
    await moveApproval(trx, goAhead, 'done', { actor: caller.actor, now: services.now() })
  }
}

/** Tightens at once; what is looser waits. @throws AppError `freshAuthenticationNeeded`, and as {@link passGate} */
export async function changeRules(services: Services, caller: Caller, rules: AccountRules): Promise<AccountRules> {
  await requireFresh(services, caller, 'Setting what keeps private keys from tokens and from one person alone')
  await doIfPassed(services, caller, { operation: 'rules.set', input: rules }, (trx) => setRules(services, trx, caller, rules))
  return rules
}

/**
 * Passes the gate and does it, in one transaction: the rules that let it through are those under which it is done.
 *
 * @param call of an operation that its approval does: no go-ahead is left for it
 * @throws AppError as {@link passGate}
 */
export async function doIfPassed(
  services: Services,
  caller: Caller,
  call: GuardedCall,
  act: (trx: Trx) => Promise<unknown>,
): Promise<void> {
  const refusal = await services.db.transaction().execute(async (trx) => {
    await lockAccount(trx, caller.accountId)
    const passage = await tryGate(services, trx, caller, call)
    if (passage.refusal === null) await act(trx)
    return passage.refusal
  })
  if (refusal !== null) throw refusal
}

interface Passage {
  readonly goAhead: ApprovalRow | null
  /** Thrown once the request is committed. */
  readonly refusal: AppError | null
}

async function tryGate(services: Services, trx: Trx, caller: Caller, call: GuardedCall): Promise<Passage> {
  const asked = await describe(services, trx, caller, call)
  if (!asked.needsSecondPerson) return { goAhead: null, refusal: null }
  const open = await findOpen(services, trx, caller, { call, asked })
  if (open?.state === 'approved') return { goAhead: open, refusal: null }
  return { goAhead: null, refusal: await waitFor(services, trx, caller, { call, asked, open }) }
}

/** The same request of the same person, if it still asks the same. One that does not ends here. */
async function findOpen(
  services: Services,
  trx: Trx,
  caller: Caller,
  { call, asked }: { readonly call: GuardedCall; readonly asked: Asked },
): Promise<ApprovalRow | null> {
  const now = services.now()
  const row = await approvalQuery(trx)
    .where('account_id', '=', caller.accountId)
    .where('requested_by', '=', personOf(caller))
    .where('operation', '=', call.operation)
    .where('input_sha256', '=', sha256Of(call.input))
    .where('state', 'in', OPEN)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) return null
  const isOver = row.expires_at.getTime() <= now
  if (!isOver && isSame(row.facts, asked.facts)) return row
  await moveApproval(trx, row, isOver ? 'expired' : 'lapsed', { actor: EVERCERT_ACTOR, now })
  return null
}

/** Whether it still asks what it asked. */
export function isSame(before: ApprovalRow['facts'], now: ApprovalRow['facts']): boolean {
  const names = new Set([...Object.keys(before), ...Object.keys(now)])
  return [...names].every((name) => before[name] === now[name])
}

function sha256Of(input: unknown): string {
  return createHash('sha256').update(JSON.stringify(input)).digest('hex')
}

async function waitFor(
  services: Services,
  trx: Trx,
  caller: Caller,
  { call, asked, open }: { readonly call: GuardedCall; readonly asked: Asked; readonly open: ApprovalRow | null },
): Promise<AppError> {
  const { kind } = GUARDED[call.operation]
  const requestedAt = open?.requested_at ?? new Date(services.now())
  const members = await loadMembers(trx, caller.accountId)
  const approvers = approversOf(members, { kind, requested_by: personOf(caller), requested_at: requestedAt })
  if (approvers.length === 0)
    throw new AppError(
      'noSecondPerson',
      `Calling ${call.operation}: it needs a second person, and no other member could approve it.`,
    )
  const names = approvers.map(({ email }) => email)
  const { id, expires_at: expiresAt } = open ?? (await record(services, trx, caller, { call, asked, approvers }))
  return new AppError(
    'secondPersonNeeded',
    `Calling ${call.operation} for ${asked.subject}: it waits for a second person as ${id}: ask one of ${names.join(', ')}.`,
    { facts: { approvalId: id, kind, expiresAt: expiresAt.toISOString(), approvers: names } },
  )
}

async function record(
  services: Services,
  trx: Trx,
  caller: Caller,
  { call, asked, approvers }: { readonly call: GuardedCall; readonly asked: Asked; readonly approvers: readonly Member[] },
) {
  const names = approvers.map(({ email }) => email)
  const approverIds = approvers.map(({ id: userId }) => userId)
  const { kind } = GUARDED[call.operation]
  const now = services.now()
  const id = newId(services, 'apr')
  const expiresAt = new Date(now + WAITING_MS)
  await trx
    .insertInto('approval')
    .values({
      id,
      account_id: caller.accountId,
      kind,
      state: 'waiting',
      operation: call.operation,
      input: JSON.stringify(call.input),
      input_sha256: sha256Of(call.input),
      facts: JSON.stringify(asked.facts),
      subject: asked.subject,
      certificate_id: asked.certificateId,
      why: null,
      requested_by: personOf(caller),
      requested_by_name: caller.actor,
      requested_user_id: caller.userId ?? null,
      requested_token_id: caller.sessionId === undefined ? caller.tokenId : null,
      requested_at: new Date(now),
      expires_at: expiresAt,
      decided_by: null,
      decided_by_name: null,
      decided_at: null,
      decision_reason: null,
      ended_at: null,
      problem_code: null,
      problem: null,
    })
    .execute()
  const { accountId, actor } = caller
  const { certificateId, subject } = asked
  await recordHistory(trx, {
    accountId,
    certificateId,
    subject: 'approval',
    subjectId: id,
    fromState: null,
    toState: 'waiting',
    actor,
    detail: call.operation,
    now,
  })
  const detail = `${actor} asks; ${names.join(', ')} may decide.`
  await planAccountNotice(services, trx, {
    accountId,
    certificateId,
    kind: 'approvalWaiting',
    occasion: id,
    detail,
    place: kind,
    subject,
  })
  await planPersonalNotices(services, trx, approverIds, {
    accountId,
    certificateId,
    kind: 'approvalWaiting',
    occasion: id,
    facts: { detail, place: kind },
    subject,
  })
  return { id, expires_at: expiresAt }
}
