/**
 * The SubjectAltName extension (RFC 5280 §4.2.1.6): DNS names and IP addresses; other kinds are skipped.
 *
 * Read from the DER, because OpenSSL's text form cannot tell a comma in a name from a separator.
 *
 * @module
 */
import { childrenOf, DerError, expectTag, readDer, TAG, writeDer } from './der.ts'

const DNS_NAME = TAG.context0 | 2
const IP_ADDRESS = TAG.context0 | 7
/** Public CAs end at some thousand. */
const MAX_ALT_NAMES = 10_000
const PRINTABLE = /^[\u0021-\u007e]+$/

export interface AltNames {
  /** Lower case. */
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
}

export const NO_ALT_NAMES: AltNames = { dnsNames: [], ipAddresses: [] }

/** @param extensionValue the contents of the extension's OCTET STRING. @throws DerError also for a DNS name with blanks or controls */
export function readAltNames(extensionValue: Uint8Array): AltNames {
  const dnsNames: string[] = []
  const ipAddresses: string[] = []
  for (const name of childrenOf(expectTag(readDer(extensionValue), TAG.sequence), MAX_ALT_NAMES)) {
    if (name.tag === DNS_NAME) dnsNames.push(dnsNameOf(name.content))
    if (name.tag === IP_ADDRESS) ipAddresses.push(ipAddressOf(name.content))
  }
  return { dnsNames, ipAddresses }
}

/** The value of the extension for these DNS names (A-labels). */
export function writeAltNames(dnsNames: readonly string[]): Uint8Array {
  return writeDer(TAG.sequence, ...dnsNames.map((name) => writeDer(DNS_NAME, Buffer.from(name, 'latin1'))))
}

function dnsNameOf(content: Uint8Array): string {
  const name = Buffer.from(content).toString('latin1')
  if (!PRINTABLE.test(name)) throw new DerError('a DNS name has characters that names cannot have')
  return name.toLowerCase()
}

function ipAddressOf(content: Uint8Array): string {
  if (content.length === 4) return content.join('.')
  if (content.length !== 16) throw new DerError('an IP address has neither 4 nor 16 bytes')
  const groups = Array.from({ length: 8 }, (_, i) => (((content[2 * i] ?? 0) << 8) | (content[2 * i + 1] ?? 0)).toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}
