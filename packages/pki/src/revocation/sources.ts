/**
 * Where a certificate says that its state, and its issuer, are to be had (RFC 5280 §4.2.1.13, §4.2.2.1).
 *
 * @module
 */
import { childrenOf, DerError, expectTag, oidOf, readDer, TAG } from '../der-reader.ts'
import { extensionsOfCertificate, urisOfPoint, type Extension } from './extensions.ts'

export interface RevocationSources {
  /** CRLs that cover every reason, by http or https, in the certificate's order. */
  readonly crlUrls: readonly string[]
  readonly ocspUrls: readonly string[]
  /** Where the issuer's certificate is (`caIssuers`). */
  readonly issuerUrls: readonly string[]
}

const CRL_DISTRIBUTION_POINTS = '2.5.29.31'
const AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1'
const OCSP = '1.3.6.1.5.5.7.48.1'
const CA_ISSUERS = '1.3.6.1.5.5.7.48.2'
const URI = 0x86
/** `reasons` and `cRLIssuer`: such a point covers a part, or is signed by somebody else. */
const PARTIAL = new Set([0x81, 0xa2])
/** What a stranger's certificate names: no more of it is kept. */
const MAX_URLS = 4
const MAX_URL_LENGTH = 1024

/** What cannot be read names nothing. */
export function readRevocationSources(der: Uint8Array): RevocationSources {
  const extensions = readOr(new Map<string, Extension>(), () => extensionsOfCertificate(der))
  const accesses = readOr([], () => readAccesses(extensions.get(AUTHORITY_INFO_ACCESS)))
  const of = (method: string) => usable(accesses.filter((access) => access.method === method).map(({ url }) => url))
  return {
    crlUrls: usable(readOr([], () => readPoints(extensions.get(CRL_DISTRIBUTION_POINTS)))),
    ocspUrls: of(OCSP),
    issuerUrls: of(CA_ISSUERS),
  }
}

function readPoints(extension: Extension | undefined): readonly string[] {
  if (extension === undefined) return []
  return childrenOf(expectTag(readDer(extension.value), TAG.sequence)).flatMap((point) => {
    const parts = childrenOf(expectTag(point, TAG.sequence))
    return parts.some(({ tag }) => PARTIAL.has(tag)) ? [] : urisOfPoint(parts[0])
  })
}

function readAccesses(extension: Extension | undefined): readonly { readonly method: string; readonly url: string }[] {
  if (extension === undefined) return []
  return childrenOf(expectTag(readDer(extension.value), TAG.sequence)).flatMap((access) => {
    const [method, location] = childrenOf(expectTag(access, TAG.sequence))
    if (location?.tag !== URI) return []
    return [{ method: oidOf(method), url: Buffer.from(location.content).toString('latin1') }]
  })
}

function usable(urls: readonly string[]): readonly string[] {
  const found = urls.filter((url) => url.length <= MAX_URL_LENGTH && /^https?:\/\/[\x21-\x7e]+$/i.test(url) && URL.canParse(url))
  return [...new Set(found)].slice(0, MAX_URLS)
}

function readOr<Value>(otherwise: Value, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof DerError) return otherwise
    throw error
  }
}
