/**
 * The words that the list is filtered, sorted and exported by, without the schemas made of them: a browser shows a list by these alone.
 *
 * @module
 */

export const CERTIFICATE_STATUSES = [
  'pendingApplication',
  'pendingValidation',
  'inReview',
  'reviewFailed',
  'issued',
  'expiringSoon',
  'expired',
  'revocationPending',
  'revoked',
  'cancelled',
  'refunded',
  'closed',
] as const

/** A minus reverses. A lineage stands together: a renewal under the certificate that it renews. */
export const CERTIFICATE_SORTS = ['created', '-created', 'expiry', '-expiry', 'name', '-name'] as const

export const CERTIFICATE_ORIGINS = ['purchased', 'uploaded'] as const

/** Of a renewal, in their order. */
export const RENEWAL_STAGES = ['ordered', 'paid', 'applied', 'issued', 'installed', 'proved'] as const
export type RenewalStage = (typeof RENEWAL_STAGES)[number]

/** On the way to the first proved renewal; a reissue at no charge counts as one. */
export const FIRST_STEPS = ['certificate', 'issued', 'site', 'renewed', 'proved'] as const
export type FirstStep = (typeof FIRST_STEPS)[number]

export const EXPORT_FORMATS = ['csv', 'json'] as const

/** The most certificates that one action on many takes. */
export const MAX_SELECTED = 1000
