/**
 * What of a certificate may be downloaded, and why not (DOMAIN §5).
 *
 * @module
 */
import type { DownloadFormat } from '@evercert/contract'
import type { CertificateStatus } from '../certificate/derive-status.ts'

export type DownloadFacts = {
  readonly status: CertificateStatus
  readonly origin: 'purchased' | 'uploaded'
  /** Whether the private key of the current issuance is stored here; it is not when the CSR was pasted. */
  readonly keyStored: boolean
  /** Whether the root that ends the chain is in the chain or known from the issuer. */
  readonly rootKnown: boolean
}

export type DownloadWish = { readonly format: DownloadFormat; readonly withKey: boolean }

/** A problem code of the API. */
export type DownloadRefusal =
  'certificateNotIssued' | 'certificateRevoked' | 'keyNotDownloadable' | 'keyNotStored' | 'rootUnknown'

/** Null when the download may be made. Total and pure; the caller's permissions are not decided here. */
export function refuseDownload(facts: DownloadFacts, wish: DownloadWish): DownloadRefusal | null {
  const byStatus = refuseStatus(facts.status)
  if (byStatus !== null) return byStatus
  if (wish.withKey && facts.origin === 'uploaded') return 'keyNotDownloadable'
  if (wish.withKey && !facts.keyStored) return 'keyNotStored'
  if (wish.format === 'root' && !facts.rootKnown) return 'rootUnknown'
  return null
}

/** An expired certificate can still be downloaded. A revocation that was asked for counts: what is about to be revoked is not spread. */
function refuseStatus(status: CertificateStatus): DownloadRefusal | null {
  switch (status) {
    case 'issued':
    case 'expiringSoon':
    case 'expired':
      return null
    case 'revocationPending':
    case 'revoked':
      return 'certificateRevoked'
    case 'pendingApplication':
    case 'pendingValidation':
    case 'inReview':
    case 'reviewFailed':
    case 'cancelled':
    case 'refunded':
    case 'closed':
      return 'certificateNotIssued'
  }
}
