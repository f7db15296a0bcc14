/**
 * Requests for approval as they are read.
 *
 * @module
 */
import type { ApprovalView } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import { APPROVER_SCOPE } from '../../domain/approval/rules.ts'
import { AppError } from '../../domain/errors.ts'
import { notFound, personOf, type Caller, type Services } from '../context.ts'
import { approvalQuery, approversOf, loadMembers, OPEN, type ApprovalRow, type Member } from './approval-row.ts'

const CURSOR = /^apr_[0-9a-z]{26}$/

/** Newest first. @throws AppError `invalid` for a cursor that this list did not give */
export async function listApprovals(
  services: Services,
  caller: Caller,
  { show, cursor, limit }: { readonly show: 'open' | 'all'; readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: ApprovalView[]; nextCursor: string | null }> {
  if (cursor !== undefined && !CURSOR.test(cursor))
    throw new AppError('invalid', 'Reading the cursor: it is not one of this list: take nextCursor as it came.')
  let query = visible(services.db, caller)
  if (show === 'open') query = query.where('state', 'in', OPEN).where('expires_at', '>', new Date(services.now()))
  if (cursor !== undefined) query = query.where('id', '<', cursor)
  const rows = await query
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const members = await loadMembers(services.db, caller.accountId)
  const page = rows.slice(0, limit)
  return {
    items: page.map((row) => toView(services, caller, row, members)),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  }
}

/** @throws AppError `notFound` */
export async function loadApproval(services: Services, caller: Caller, id: string): Promise<ApprovalView> {
  const row = await visible(services.db, caller).where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw notFound('approval', id)
  return toView(services, caller, row, await loadMembers(services.db, caller.accountId))
}

/** They tell prices and why keys are wanted: who neither decides nor audits sees their own. */
function visible(db: Db, caller: Caller) {
  const query = approvalQuery(db).where('account_id', '=', caller.accountId)
  const seesAll = caller.scopes.has('approvals:decide') || caller.scopes.has('audit:read')
  return seesAll ? query : query.where('requested_by', '=', personOf(caller))
}

function toView(services: Services, caller: Caller, row: ApprovalRow, members: readonly Member[]): ApprovalView {
  const waits = row.state === 'waiting' && row.expires_at.getTime() > services.now()
  const approvers = waits ? approversOf(members, row) : []
  const mayDecide = approvers.some(({ id }) => id === caller.userId) && caller.scopes.has(APPROVER_SCOPE[row.kind])
  return {
    id: row.id,
    kind: row.kind,
    state: (row.state === 'waiting' || row.state === 'approved') && !isOn(services, row) ? 'expired' : row.state,
    operation: row.operation,
    certificateId: row.certificate_id,
    subject: row.subject,
    facts: { ...row.facts },
    why: row.why,
    requestedBy: row.requested_by_name,
    requestedAt: row.requested_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    isMine: row.requested_by === personOf(caller),
    mayDecide: mayDecide && caller.scopes.has('approvals:decide'),
    approvers: approvers.map(({ email }) => email),
    decidedBy: row.decided_by_name,
    decidedAt: row.decided_at?.toISOString() ?? null,
    decisionReason: row.decision_reason,
    endedAt: row.ended_at?.toISOString() ?? null,
    problem: row.problem_code === null ? null : { code: row.problem_code, detail: row.problem ?? '' },
  }
}

function isOn({ now }: Services, row: ApprovalRow): boolean {
  return row.expires_at.getTime() > now()
}
