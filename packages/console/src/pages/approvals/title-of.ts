/**
 * A request as a heading.
 *
 * @module
 */
import type { ApprovalView } from '@evercert/contract'
import type { TFunction } from 'i18next'

/** What, of what. */
export function titleOf(t: TFunction, { kind, subject }: ApprovalView): string {
  return `${t(`approvals.kind.${kind}`)} · ${kind === 'rules' ? t('approvals.account') : subject}`
}
