/**
 * The certificate identifier of ACME Renewal Information (RFC 9773 §4.1).
 *
 * @module
 */
import type { CertificateFacts } from './certificate.ts'

/**
 * base64url(key identifier of the issuer) "." base64url(serial number as encoded, its leading zero kept), without padding.
 * Null when the certificate has no authority key identifier: the CA cannot be asked about it.
 */
export function ariCertId({ akiHex, serialHex }: Pick<CertificateFacts, 'akiHex' | 'serialHex'>): string | null {
  if (akiHex === null) return null
  const serial = Buffer.from(serialHex, 'hex')
  // DER keeps a positive number positive with a zero byte; `serialHex` is stored without it.
  const encoded = (serial[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), serial]) : serial
  return `${Buffer.from(akiHex, 'hex').toString('base64url')}.${encoded.toString('base64url')}`
}
