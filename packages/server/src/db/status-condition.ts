/**
 * A status as a condition of SQL: what of it depends on the clock is compared with the clock.
 *
 * @module
 */
import { sql, type RawBuilder, type SqlBool } from 'kysely'
import type { CertificateStatus } from '../domain/certificate/derive-status.ts'

/** The SQL twin of `deriveStatus`, over `certificate_listing l`; a test compares the two over every combination of facts. */
export function statusCondition(status: CertificateStatus, now: Date): RawBuilder<SqlBool> {
  switch (status) {
    case 'issued':
      return sql`(l.phase = 'valid' and l.not_after > ${now} and l.window_opens_at > ${now})`
    case 'expiringSoon':
      return sql`(l.phase = 'valid' and l.not_after > ${now} and l.window_opens_at <= ${now})`
    case 'expired':
      return sql`(l.phase in ('valid', 'revocationPending') and l.not_after <= ${now})`
    case 'revocationPending':
      return sql`(l.phase = 'revocationPending' and l.not_after > ${now})`
    case 'pendingApplication':
    case 'pendingValidation':
    case 'inReview':
    case 'reviewFailed':
    case 'revoked':
    case 'cancelled':
    case 'refunded':
    case 'closed':
      return sql`l.phase = ${status}`
  }
}
