/**
 * Distinguished names (RFC 5280 §4.1.2.4) as text for people, and their common name.
 *
 * @module
 */
import { childrenOf, expectTag, oidOf, TAG, writeDer, writeOid } from './der.ts'
import type { DerNode } from './der.ts'

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'
const SHORT_NAMES: Readonly<Record<string, string>> = {
  [COMMON_NAME]: 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  [ORGANIZATION]: 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '1.3.6.1.4.1.311.60.2.1.2': 'jurisdictionST',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
}

export interface DistinguishedName {
  /** `C=US, O=Example, CN=example.com` in the encoded order; `,`, `=` and `\` in values are escaped. Empty for an empty name. */
  readonly text: string
  /** The last common name, as browsers of old took it; null when there is none. */
  readonly commonName: string | null
  /** The first organisation; null when there is none. */
  readonly organization: string | null
}

/** @throws DerError */
export function readDistinguishedName(name: DerNode | undefined): DistinguishedName {
  const parts: string[] = []
  let commonName: string | null = null
  let organization: string | null = null
  for (const set of childrenOf(expectTag(name, TAG.sequence))) {
    for (const attribute of childrenOf(expectTag(set, TAG.set))) {
      const [type, value] = childrenOf(expectTag(attribute, TAG.sequence))
      const oid = oidOf(type)
      const text = value ? stringOf(value) : ''
      if (oid === COMMON_NAME) commonName = text
      if (oid === ORGANIZATION) organization ??= text
      parts.push(`${SHORT_NAMES[oid] ?? oid}=${text.replaceAll(/[,=\\]/g, (char) => `\\${char}`)}`)
    }
  }
  return { text: parts.join(', '), commonName, organization }
}

/** A name of just a common name, or of nothing. */
export function writeCommonName(commonName: string | null): Uint8Array {
  if (commonName === null) return writeDer(TAG.sequence)
  const attribute = writeDer(TAG.sequence, writeOid(COMMON_NAME), writeDer(TAG.utf8String, Buffer.from(commonName, 'utf8')))
  return writeDer(TAG.sequence, writeDer(TAG.set, attribute))
}

/** Control characters are shown as `?`: the text goes into lists, logs and terminals. */
function stringOf(value: DerNode): string {
  const bytes = Buffer.from(value.content)
  const text = value.tag === TAG.bmpString ? new TextDecoder('utf-16be').decode(bytes) : bytes.toString('utf8')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f]/g, '?')
}
