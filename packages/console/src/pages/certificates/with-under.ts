/**
 * The rows of the list with the renewals that its filter leaves out, each under the certificate that it renews.
 *
 * @module
 */
import type { CertificateView, ListedCertificate } from '@evercert/contract'

export interface DrawnRow {
  readonly key: string
  readonly certificate: CertificateView
  /** Not of the filter: nothing that is done with what was filtered is done with it. */
  readonly isUnder: boolean
}

export function withUnder(listed: readonly ListedCertificate[]): DrawnRow[] {
  return listed.flatMap((certificate) => [
    { key: certificate.id, certificate, isUnder: false },
    // By then it may match the filter, and be a row of its own on a page that was read later.
    ...certificate.under.map((renewal) => ({ key: `${certificate.id} ${renewal.id}`, certificate: renewal, isUnder: true })),
  ])
}
