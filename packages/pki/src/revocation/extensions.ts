/**
 * Extensions of certificates, CRLs and their entries (RFC 5280 §4.2, §5.2), as far as revocation needs them.
 *
 * @module
 */
import { childrenOf, expectTag, oidOf, readDer, TAG, type DerNode } from '../der-reader.ts'

export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

const MAX_EXTENSIONS = 50

/** By object identifier. @param list the SEQUENCE of extensions; none when it is missing. @throws DerError */
export function readExtensions(list: DerNode | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>()
  for (const extension of list === undefined ? [] : childrenOf(expectTag(list, TAG.sequence), MAX_EXTENSIONS)) {
    const [id, second, third] = childrenOf(expectTag(extension, TAG.sequence))
    const isMarked = second?.tag === TAG.boolean
    const value = expectTag(isMarked ? third : second, TAG.octetString).content
    found.set(oidOf(id), { critical: isMarked && second.content[0] !== 0, value })
  }
  return found
}

const EXTENSIONS = 0xa3

/** @throws DerError */
export function extensionsOfCertificate(der: Uint8Array): ReadonlyMap<string, Extension> {
  const [body] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const wrapped = childrenOf(expectTag(body, TAG.sequence)).find(({ tag }) => tag === EXTENSIONS)
  return readExtensions(wrapped === undefined ? undefined : childrenOf(wrapped)[0])
}

const URI = 0x86

/** The URIs among general names. @throws DerError */
export function urisOf(generalNames: DerNode): readonly string[] {
  return childrenOf(generalNames)
    .filter(({ tag }) => tag === URI)
    .map(({ content }) => Buffer.from(content).toString('latin1'))
}

/** RFC 5280 §4.2.1.13: `[0]` with full names in `[0]`; a name relative to the issuer has none. @throws DerError */
export function urisOfPoint(distributionPointName: DerNode | undefined): readonly string[] {
  const [name] = distributionPointName?.tag === TAG.contextConstructed0 ? childrenOf(distributionPointName) : []
  return name?.tag === TAG.contextConstructed0 ? urisOf(name) : []
}
