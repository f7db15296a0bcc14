/**
 * The status of a certificate, from stored facts and the clock (DOMAIN §2). It is no column: no job has to run for it to be true.
 *
 * @module
 */
import { certificateStatus, type CertificateStatusView } from '@evercert/contract'
import type { ApplicationState } from '../application/application-machine.ts'
import type { RenewalPolicy, Validity } from './window.ts'
import { isInWindow } from './window.ts'

/** The statuses of DOMAIN §2, in its order. */
export const CERTIFICATE_STATUSES = certificateStatus.options

export type CertificateStatus = CertificateStatusView

/** What is stored of a certificate, as far as its status depends on it. Instants in epoch milliseconds. */
export type StatusFacts = {
  /** How the certificate ended other than by time or revocation; null while it has not. */
  readonly closedAs: 'cancelled' | 'refunded' | 'closed' | null
  readonly revokedAt: number | null
  /** OV and EV: a revocation was asked for, the contact has not confirmed it yet. Null again when it was refused. */
  readonly revocationRequestedAt: number | null
  /** The latest application; null when none was ever made (bought a moment ago, or uploaded). */
  readonly application: { readonly state: ApplicationState } | null
  /** The current issuance: what is valid now, while another may be on its way. */
  readonly issuance: Validity | null
}

/**
 * What the certificate is at `now`. Total: every combination of facts has a status.
 *
 * A certificate that is being reissued keeps the status of its current issuance; the application shows its own state.
 * At `notAfter` itself it is expired: the window is `0 < notAfter - now` (DOMAIN §3.2), and nothing lies between the two.
 */
export function deriveStatus(facts: StatusFacts, now: number, policy: RenewalPolicy): CertificateStatus {
  if (facts.closedAs !== null) return facts.closedAs
  if (facts.revokedAt !== null) return 'revoked'
  if (facts.issuance === null) return statusOfApplication(facts.application?.state ?? null)
  if (now >= facts.issuance.notAfter) return 'expired'
  if (facts.revocationRequestedAt !== null) return 'revocationPending'
  return isInWindow(facts.issuance, now, policy) ? 'expiringSoon' : 'issued'
}

function statusOfApplication(state: ApplicationState | null): CertificateStatus {
  switch (state) {
    case null:
    case 'withdrawn':
      return 'pendingApplication'
    case 'issued':
      return 'inReview' // issued at the CA, and the issuance not recorded here yet
    case 'pendingValidation':
    case 'inReview':
    case 'reviewFailed':
      return state
  }
}
