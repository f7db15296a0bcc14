/**
 * Under which brand a certificate was sold, by its issuer. A name that is not listed is not known: a guess would warn of a mismatch.
 *
 * @module
 */

interface Issuer {
  readonly issuerOrganization: string | null
  readonly issuerCommonName: string | null
}

/** Brands that are sold from another CA's hierarchy stand in the issuer's common name; they come first. */
const BY_COMMON_NAME: readonly (readonly [RegExp, string])[] = [
  [/\bGeoTrust\b/i, 'GeoTrust'],
  [/\bRapidSSL\b/i, 'RapidSSL'],
  [/\bThawte\b/i, 'Thawte'],
  [/\bSecure Site\b/i, 'DigiCert'],
  [/\bAlphaSSL\b/i, 'AlphaSSL'],
  [/\bPositiveSSL\b/i, 'Sectigo'],
  [/\bZeroSSL\b/i, 'ZeroSSL'],
  [/\bTrustAsia\b/i, 'TrustAsia'],
  [/\bWoTrus\b/i, 'WoTrus'],
  [/\bvTrus\b/i, 'vTrus'],
  [/\bCFCA\b/i, 'CFCA'],
]

const BY_ORGANISATION: readonly (readonly [RegExp, string])[] = [
  [/^GlobalSign\b/i, 'GlobalSign'],
  [/^Let's Encrypt$/i, "Let's Encrypt"],
  [/^DigiCert\b/i, 'DigiCert'],
  [/^(Sectigo|COMODO CA)\b/i, 'Sectigo'],
  [/^ZeroSSL$/i, 'ZeroSSL'],
  [/^Google Trust Services\b/i, 'Google Trust Services'],
  [/^Amazon$/i, 'Amazon'],
  [/^Entrust\b/i, 'Entrust'],
  [/^GoDaddy\.com\b/i, 'GoDaddy'],
  [/^SSL Corp/i, 'SSL.com'],
  [/^Buypass\b/i, 'Buypass'],
  [/^Actalis\b/i, 'Actalis'],
  [/^TrustAsia\b/i, 'TrustAsia'],
  [/^WoTrus\b/i, 'WoTrus'],
  [/^China Financial Certification Authority/i, 'CFCA'],
  [/^iTrusChina\b/i, 'vTrus'],
]

/** The brand as the catalogue would call it; null when the issuer is none of those listed. */
export function brandOf({ issuerOrganization, issuerCommonName }: Issuer): string | null {
  return find(BY_COMMON_NAME, issuerCommonName) ?? find(BY_ORGANISATION, issuerOrganization)
}

function find(brands: readonly (readonly [RegExp, string])[], text: string | null): string | null {
  if (text === null) return null
  return brands.find(([pattern]) => pattern.test(text))?.[1] ?? null
}
