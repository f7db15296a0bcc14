/**
 * Sites with a certificate for each kind of key: which kind a certificate is there for.
 *
 * @module
 */
import { parseCertificate, PkiError } from '@evercert/pki'
import type { SiteKeyKind } from '@evercert/pki/probe'

/**
 * Null: neither, so it has its site for itself.
 *
 * @param algorithm of the leaf's key, as `@evercert/pki` names it: `p256`, `rsa2048`, …
 */
export function siteKeyKind(algorithm: string): SiteKeyKind | null {
  if (/^rsa\d+$/.test(algorithm)) return 'rsa'
  return /^p(?:256|384|521)$/.test(algorithm) ? 'ecdsa' : null
}

/** The same of a stored certificate, leaf first. One that an earlier release could read and this one cannot is of neither kind. */
export function readSiteKeyKind(chainPem: string): SiteKeyKind | null {
  try {
    return siteKeyKind(parseCertificate(chainPem).algorithm)
  } catch (error) {
    if (error instanceof PkiError) return null
    throw error
  }
}
