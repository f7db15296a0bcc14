/**
 * What a notice can be about.
 *
 * @module
 */
import { noticeKind, type NoticeKindView } from '@evercert/contract'

export const NOTICE_KINDS = noticeKind.options

export type NoticeKind = NoticeKindView

/** Told at their stages; the others are told once for each occasion. */
export function isAboutExpiry(kind: NoticeKind): kind is 'expiry' | 'expired' {
  return kind === 'expiry' || kind === 'expired'
}

/** Who may not see orders is not told of money. */
export function isAboutMoney(kind: NoticeKind): boolean {
  return kind === 'moneyCredited'
}

/** Whether channels carry it. That a channel failed is for the inbox alone: sent, it would fail on the way. */
export function isSent(kind: NoticeKind): boolean {
  return kind !== 'deliveryGivenUp'
}
