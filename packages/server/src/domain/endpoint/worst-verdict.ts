/**
 * One verdict for several addresses: the worst.
 *
 * @module
 */
import type { Verdict } from '@evercert/contract'

/** Worst first: what clients refuse, then what they accept and should not see, then what may be over soon. */
const BY_SEVERITY: readonly Verdict[] = [
  'revoked',
  'expired',
  'wrongName',
  'untrusted',
  'incompleteChain',
  'notYetValid',
  'oldCertificate',
  'otherCertificate',
  'notTls',
  'unreachable',
  'served',
]

/** `unreachable` when there is no address. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return BY_SEVERITY.find((verdict) => verdicts.includes(verdict)) ?? 'unreachable'
}

/** Whether a certificate was seen, and it is not the right one or not in order. An address that does not answer shows none. */
export function showsWrongCertificate(verdict: Verdict): boolean {
  return verdict !== 'served' && verdict !== 'unreachable' && verdict !== 'notTls'
}
