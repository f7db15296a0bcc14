/**
 * Reads the chain that a server sent from a finished handshake.
 *
 * What is possible in Node: `getPeerCertificate(true)` follows issuers by name and, for the last one, adds a root from the *local*
 * store, so it cannot tell what was sent. `getPeerX509Certificate()` links its `issuerCertificate`s in the order of the message,
 * without looking at names and without adding anything: leaf, strangers, wrong order and a sent root all show. Reading it empties
 * OpenSSL's copy, so it is read exactly once.
 *
 * @module
 */
import { hash, type X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { DerError } from '../der-reader.ts'
import { serialHexOf } from '../revocation/crl.ts'
import { extensionsOfCertificate } from '../revocation/extensions.ts'
import { canonicalIp } from './host-names.ts'
import type { KeyKind, ServedCertificate } from './observation.ts'

/** Certificates above the leaf are few and seen on most servers; a leaf is seen once in a scan and not worth keeping. */
const MAX_KEPT_ISSUERS = 1_000
const issuers = new Map<string, ServedCertificate>()

export interface ServedChain {
  /** Leaf first, as sent. */
  readonly chain: readonly [ServedCertificate, ...ServedCertificate[]]
  /** OpenSSL takes other encodings of a leaf than the one that X.509 demands; many clients, and all here that reads certificates, do not. */
  readonly isDer: boolean
}

/** Null when the server sent no certificate. Read it once for each socket. */
export function readServedChain(socket: TLSSocket): ServedChain | null {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return null
  const above: ServedCertificate[] = []
  for (let next = leaf.issuerCertificate; next !== undefined; next = next.issuerCertificate) above.push(describeIssuer(next))
  return { chain: [describe(leaf, fingerprint(leaf)), ...above], isDer: isDer(leaf.raw) }
}

function isDer(certificate: Uint8Array): boolean {
  try {
    extensionsOfCertificate(certificate)
    return serialHexOf(certificate) !== ''
  } catch (error) {
    if (error instanceof DerError) return false
    throw error
  }
}

function describeIssuer(certificate: X509Certificate): ServedCertificate {
  const sha256 = fingerprint(certificate)
  const known = issuers.get(sha256)
  if (known !== undefined) return known
  const description = describe(certificate, sha256)
  if (issuers.size >= MAX_KEPT_ISSUERS) issuers.clear()
  issuers.set(sha256, description)
  return description
}

function describe(certificate: X509Certificate, sha256: string): ServedCertificate {
  return {
    sha256,
    subject: nameInOneLine(certificate.subject),
    issuer: nameInOneLine(certificate.issuer),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    names: readNames(certificate.subjectAltName),
    keyKind: keyKindOf(certificate),
    pem: certificate.toString(),
  }
}

function keyKindOf(certificate: X509Certificate): KeyKind {
  const type = certificate.publicKey.asymmetricKeyType
  return type === 'ec' ? 'ecdsa' : type === 'rsa' || type === 'rsa-pss' ? 'rsa' : 'other'
}

function fingerprint(certificate: X509Certificate): string {
  return hash('sha256', certificate.raw)
}

// Node gives undefined for an empty distinguished name, whatever its types say.
/** A name as Node has it, a line for each attribute, for people. */
export function nameInOneLine(name: string | undefined): string {
  return printable((name ?? '').replaceAll('\n', ', '))
}

// What a stranger wrote is shown on terminals, in logs and beside text that runs from right to left.
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
}

// One entry of Node's text: a kind, then either a JSON string (Node quotes what holds commas or quotes) or everything up to the comma.
const NAME_ENTRY = /(?:^|, )([A-Za-z ]+):(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g

function readNames(subjectAltName: string | undefined): readonly string[] {
  if (subjectAltName === undefined) return []
  const names: string[] = []
  for (const [, kind, quoted, plain] of subjectAltName.matchAll(NAME_ENTRY)) {
    const value = plain ?? (JSON.parse(`"${quoted ?? ''}"`) as string)
    if (kind === 'DNS') names.push(printable(value.toLowerCase()))
    if (kind === 'IP Address') names.push(canonicalIp(value))
  }
  return names
}
