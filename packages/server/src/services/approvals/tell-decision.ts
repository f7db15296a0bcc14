/**
 * Who asked is told what became of it, and who was asked to decide is not reminded any more: in the transaction that moves the request.
 *
 * @module
 */
import type { ApprovalOutcome } from '../../db/notice-tables.ts'
import type { Trx } from '../../db/transition.ts'
import type { Services } from '../context.ts'
import { planPersonalNotices } from '../notices/plan.ts'
import type { ApprovalRow } from './approval-row.ts'

export async function tellDecision(
  services: Services,
  trx: Trx,
  row: Pick<ApprovalRow, 'id' | 'account_id' | 'certificate_id' | 'kind' | 'subject' | 'requested_user_id'>,
  told: { readonly outcome: ApprovalOutcome; readonly detail: string | null },
): Promise<void> {
  const { id, account_id: accountId, certificate_id: certificateId, kind, subject, requested_user_id: userId } = row
  await trx
    .updateTable('notice')
    .set({ read_at: new Date(services.now()) })
    .where('account_id', '=', accountId)
    .where('kind', '=', 'approvalWaiting')
    .where('for_user_id', 'is not', null)
    .where('occasion', 'like', `${id}:%`)
    .where('read_at', 'is', null)
    .execute()
  if (userId === null || !(await isMember(trx, accountId, userId))) return
  const facts = { detail: told.detail, place: kind, outcome: told.outcome }
  const occasion = `${id}:${told.outcome}`
  await planPersonalNotices(services, trx, [userId], {
    accountId,
    certificateId,
    kind: 'approvalDecided',
    occasion,
    facts,
    subject,
  })
}

async function isMember(trx: Trx, accountId: string, userId: string): Promise<boolean> {
  const query = trx.selectFrom('member').select('user_id').where('account_id', '=', accountId).where('user_id', '=', userId)
  return (await query.executeTakeFirst()) !== undefined
}
