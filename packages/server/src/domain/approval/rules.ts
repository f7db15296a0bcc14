/**
 * What an account lets nobody do alone, and who may be the second person.
 *
 * @module
 */
import type { AccountRules, ApprovalKind, MoneyView, Scope } from '@evercert/contract'
import type { MemberRole } from '@evercert/contract'
import { scopesOf } from '../access/roles.ts'

/** Of an account that has set nothing. */
export const NO_RULES: AccountRules = { spendingLimits: null, revocation: false, keyDownload: false, tokensMayDownloadKeys: true }

/** Whether spending this much needs a second person. A currency without a limit has the limit 0. */
export function isOverLimit({ spendingLimits }: AccountRules, { amountMinor, currency }: MoneyView): boolean {
  return spendingLimits !== null && amountMinor > limitOf(spendingLimits, currency)
}

/** Several limits of one currency: the lowest holds. */
function limitOf(limits: readonly MoneyView[], currency: string): number {
  const own = limits.filter((limit) => limit.currency === currency).map(({ amountMinor }) => amountMinor)
  return own.length === 0 ? 0 : Math.min(...own)
}

/** Whether anything that was not allowed alone would be allowed afterwards. */
export function isLooser(before: AccountRules, after: AccountRules): boolean {
  return (
    (before.revocation && !after.revocation) ||
    (before.keyDownload && !after.keyDownload) ||
    (!before.tokensMayDownloadKeys && after.tokensMayDownloadKeys) ||
    isSpendingLooser(before.spendingLimits, after.spendingLimits)
  )
}

function isSpendingLooser(before: AccountRules['spendingLimits'], after: AccountRules['spendingLimits']): boolean {
  if (before === null) return false
  return after === null || after.some(({ currency }) => limitOf(after, currency) > limitOf(before, currency))
}

export function wantsSecondPerson({ spendingLimits, revocation, keyDownload }: AccountRules): boolean {
  return spendingLimits !== null || revocation || keyDownload
}

/** What an approver has to be allowed themselves. Loosening the rules: what the members' role is given by. */
export const APPROVER_SCOPE: Readonly<Record<ApprovalKind, Scope>> = {
  spending: 'orders:write',
  revocation: 'certificates:write',
  keyDownload: 'keys:download',
  rules: 'members:write',
}

/** Members with this role may be the second person for what is of the kind. */
export function mayApprove(role: MemberRole, kind: ApprovalKind): boolean {
  const scopes = scopesOf(role)
  return scopes.has('approvals:decide') && scopes.has(APPROVER_SCOPE[kind])
}
