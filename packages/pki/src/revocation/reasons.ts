/**
 * Why a certificate was revoked (RFC 5280 §5.3.1).
 *
 * @module
 */
export const REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'caCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'removeFromCrl',
  'privilegeWithdrawn',
  'aaCompromise',
] as const
export type RevocationReasonName = (typeof REVOCATION_REASONS)[number]

const BY_CODE: Readonly<Record<number, RevocationReasonName>> = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'caCompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCrl',
  9: 'privilegeWithdrawn',
  10: 'aaCompromise',
}

/** A code that is not known is no reason to believe that it was not revoked. */
export function reasonName(code: number): RevocationReasonName {
  return BY_CODE[code] ?? 'unspecified'
}
