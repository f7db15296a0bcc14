/**
 * Requests for approval as they are stored, and who may decide on them.
 *
 * @module
 */
import type { ApprovalKind } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import { transition, type StateOf, type Trx } from '../../db/transition.ts'
import { mayApprove } from '../../domain/approval/rules.ts'

/** Something may come of it yet. */
export const OPEN: readonly StateOf<'approval'>[] = ['waiting', 'approved']

export function approvalQuery(db: Db | Trx) {
  return db
    .selectFrom('approval')
    .select([
      'id',
      'account_id',
      'kind',
      'state',
      'operation',
      'input',
      'facts',
      'subject',
      'certificate_id',
      'why',
      'requested_by',
      'requested_by_name',
      'requested_user_id',
      'requested_token_id',
      'requested_at',
      'expires_at',
      'decided_by_name',
      'decided_at',
      'decision_reason',
      'ended_at',
      'problem_code',
      'problem',
    ])
}

export type ApprovalRow = Awaited<ReturnType<ReturnType<typeof approvalQuery>['executeTakeFirstOrThrow']>>

/** Of an account, with who they are to others. */
export function loadMembers(db: Db | Trx, accountId: string) {
  return db
    .selectFrom('member')
    .innerJoin('user', 'user.id', 'member.user_id')
    .select(['user.id', 'email', 'role', 'member.created_at'])
    .where('member.account_id', '=', accountId)
    .orderBy('email')
    .execute()
}

export type Member = Awaited<ReturnType<typeof loadMembers>>[number]

/** Those who may decide: not who asked, and not who became a member since, since whoever asks might have invited them for it. */
export function approversOf(
  members: readonly Member[],
  asked: { readonly kind: ApprovalKind; readonly requested_by: string; readonly requested_at: Date },
): Member[] {
  return members.filter(
    ({ id, role, created_at: joinedAt }) =>
      id !== asked.requested_by && mayApprove(role, asked.kind) && joinedAt.getTime() <= asked.requested_at.getTime(),
  )
}

/** Moves it on, with its line in the history. @throws AppError `conflict` when somebody was quicker */
export function moveApproval(
  trx: Trx,
  row: Pick<ApprovalRow, 'id' | 'account_id' | 'certificate_id' | 'operation' | 'state'>,
  to: StateOf<'approval'>,
  move: { readonly actor: string; readonly now: number; readonly detail?: string; readonly set?: Record<string, unknown> },
): Promise<void> {
  const isOver = to !== 'approved'
  return transition(trx, {
    subject: 'approval',
    id: row.id,
    from: row.state,
    to,
    accountId: row.account_id,
    certificateId: row.certificate_id,
    actor: move.actor,
    detail: move.detail ?? row.operation,
    now: move.now,
    set: { ...move.set, ...(isOver && { ended_at: new Date(move.now) }) },
  })
}
