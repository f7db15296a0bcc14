/**
 * Certificate revocation lists (RFC 5280 §5): whether one is to be believed about a certificate, and what it says.
 *
 * Read here and not by an ASN.1 library, which makes objects of the whole list: the one that was tried refuses a list of more than some
 * thousand entries, which is what a mass revocation has. Entries are walked as bytes; only those that are looked for are read.
 *
 * @module
 */
import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { childrenOf, DerError, expectTag, instantOf, integerHexOf, readDer, TAG, type DerNode } from '../der.ts'
import { extensionsOfCertificate, readExtensions, urisOfPoint, type Extension } from './extensions.ts'
import { ensureIssued } from './issued.ts'
import { reasonName, type RevocationReasonName } from './reasons.ts'
import { RevocationError } from './revocation-error.ts'
import { isSignedBy, readSigned, type Signed } from './signature.ts'

/** A list that was read; nothing of it is believed yet. Instants in epoch milliseconds. */
export interface Crl {
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** Of the DER. */
  readonly sizeBytes: number
  /** The issuer's name, DER. */
  readonly issuer: Uint8Array
  /** The contents of the list of entries; empty when nothing is revoked. */
  readonly entries: Uint8Array
  readonly extensions: ReadonlyMap<string, Extension>
  readonly signed: Signed
}

export interface CrlEntry {
  readonly revokedAt: number
  readonly reason: RevocationReasonName
}

const VERSION_2 = 1

/** @param input DER, or PEM as some CAs serve it. @throws RevocationError `malformed` */
export function readCrl(input: Uint8Array): Crl {
  try {
    return readParts(toDer(input))
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new RevocationError('malformed', 'it is no CRL', { cause: error })
  }
}

const PEM_BEGIN = '-----BEGIN X509 CRL-----'
const PEM_END = '-----END X509 CRL-----'
/** What comes before the block, in bytes: blanks. */
const MAX_PEM_START = 64
/** RFC 5280 has lists in DER; decoding text of more would hold everybody up. */
const MAX_PEM_BYTES = 4 * 1024 * 1024

/** By position and not by pattern: a pattern over megabytes runs out of stack. */
function toDer(input: Uint8Array): Uint8Array {
  if (input[0] === TAG.sequence) return input
  if (input.length > MAX_PEM_BYTES) throw new DerError('no DER, and too long for PEM')
  const text = Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  const begin = text.subarray(0, MAX_PEM_START + PEM_BEGIN.length).indexOf(PEM_BEGIN)
  const end = text.indexOf(PEM_END)
  if (begin < 0 || end < begin) throw new DerError('neither DER nor PEM')
  return new Uint8Array(Buffer.from(text.toString('latin1', begin + PEM_BEGIN.length, end), 'base64'))
}

/** RFC 5280 §5.1.2: it has seven at most. */
const MAX_FIELDS = 8

function readParts(der: Uint8Array): Crl {
  const signed = readSigned(readDer(der))
  const fields = childrenOf(signed.toBeSigned, MAX_FIELDS)
  const version = expectTag(fields.shift(), TAG.integer) // without one it has no extensions, and says nothing of its scope
  if (version.content[0] !== VERSION_2) throw new DerError('not version 2')
  const [algorithm, issuer, thisUpdate, nextUpdate, ...rest] = fields
  // RFC 5280 §5.1.1.2: what is not signed says the same as what is.
  if (!isEqual(expectTag(algorithm, TAG.sequence).whole, signed.algorithm.whole)) throw new DerError('two algorithms')
  const list = rest.find(({ tag }) => tag === TAG.sequence)
  const wrapped = rest.find(({ tag }) => tag === TAG.contextConstructed0)
  return {
    thisUpdate: instantOf(thisUpdate),
    nextUpdate: instantOf(nextUpdate), // RFC 5280 §5.1.2.5 demands it
    sizeBytes: der.length,
    issuer: expectTag(issuer, TAG.sequence).whole,
    entries: list?.content ?? new Uint8Array(),
    extensions: readExtensions(wrapped === undefined ? undefined : childrenOf(wrapped)[0]),
    signed,
  }
}

export interface CrlQuestion {
  /** DER of the certificate asked for. */
  readonly leaf: Uint8Array
  /** DER of the certificate that issued it. */
  readonly issuer: Uint8Array
  /** What the certificate asked for names as its distribution points. */
  readonly urls: readonly string[]
  /** Epoch milliseconds. */
  readonly now: number
}

/** Clocks differ. */
const SKEW_MS = 300_000

/**
 * Whether the list is the issuer's own, whole and of now (RFC 5280 §6.3.3), and the issuer the certificate's. The list's signature is
 * verified once for each issuer, however many certificates are asked for.
 *
 * @throws RevocationError `badSignature`, `stale`, `notCovered`, `malformed`
 */
export async function ensureCrlAnswers(crl: Crl, { leaf, issuer, urls, now }: CrlQuestion): Promise<void> {
  ensureIssued(leaf, issuer)
  try {
    await ensureBy(crl, issuer)
    ensureScope(crl, { urls, isAuthority: isAuthority(leaf) })
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new RevocationError('malformed', 'it is no CRL', { cause: error })
  }
  ensureTimely(crl, now)
}

const verified = new WeakMap<Crl, Map<string, Promise<void>>>()

function ensureBy(crl: Crl, issuer: Uint8Array): Promise<void> {
  const known = verified.get(crl) ?? new Map<string, Promise<void>>()
  verified.set(crl, known)
  const id = hash('sha256', issuer)
  const outcome = known.get(id) ?? verifyBy(crl, issuer)
  known.set(id, outcome)
  return outcome
}

/** @throws RevocationError `badSignature`, `notCovered`; DerError */
async function verifyBy(crl: Crl, issuer: Uint8Array): Promise<void> {
  const { name, key } = readIssuer(issuer)
  if (!isEqual(name, crl.issuer)) throw new RevocationError('notCovered', 'it is the list of another issuer')
  if (!(await isSignedBy(crl.signed, key)))
    throw new RevocationError('badSignature', 'its signature is not by the key of the issuer')
}

/** @throws RevocationError `stale` */
export function ensureTimely(
  { thisUpdate, nextUpdate }: { readonly thisUpdate: number; readonly nextUpdate: number },
  now: number,
): void {
  if (thisUpdate > now + SKEW_MS)
    throw new RevocationError('stale', `it begins to hold only on ${new Date(thisUpdate).toISOString()}`)
  if (nextUpdate <= now) throw new RevocationError('stale', `it ended on ${new Date(nextUpdate).toISOString()}`)
}

const KEY_USAGE = '2.5.29.15'
/** Bit 6 of the first byte, after the count of unused bits (RFC 5280 §4.2.1.3). */
const CRL_SIGN = 0x02

function readIssuer(der: Uint8Array): { readonly name: Uint8Array; readonly key: KeyObject } {
  const usage = extensionsOfCertificate(der).get(KEY_USAGE)
  if (usage !== undefined && ((expectTag(readDer(usage.value), TAG.bitString).content[1] ?? 0) & CRL_SIGN) === 0)
    throw new RevocationError('badSignature', 'the issuer may not sign lists')
  const [body] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const fields = [...childrenOf(expectTag(body, TAG.sequence))]
  if (fields[0]?.tag === TAG.contextConstructed0) fields.shift()
  const subject = expectTag(fields[4], TAG.sequence)
  const spki = expectTag(fields[5], TAG.sequence)
  return { name: subject.whole, key: createPublicKey({ key: Buffer.from(spki.whole), format: 'der', type: 'spki' }) }
}

const ISSUING_DISTRIBUTION_POINT = '2.5.29.28'
const ONLY_USER_CERTIFICATES = 0x81
const ONLY_AUTHORITIES = 0x82

interface Scope {
  readonly urls: readonly string[]
  /** What is asked for is the certificate of a CA. */
  readonly isAuthority: boolean
}

/** A part of the reasons, certificates of the other kind alone, other issuers' certificates, or what changed since: it says nothing that is asked. */
function ensureScope({ extensions }: Crl, { urls, isAuthority }: Scope): void {
  for (const [oid, { critical }] of extensions)
    if (critical && oid !== ISSUING_DISTRIBUTION_POINT)
      throw new RevocationError('notCovered', `it has a critical extension that is not known here (${oid})`)
  const point = extensions.get(ISSUING_DISTRIBUTION_POINT)
  if (point === undefined) return
  for (const part of childrenOf(expectTag(readDer(point.value), TAG.sequence))) {
    if (part.tag === (isAuthority ? ONLY_AUTHORITIES : ONLY_USER_CERTIFICATES)) continue
    if (part.tag !== TAG.contextConstructed0) throw new RevocationError('notCovered', 'it covers only a part of what is asked')
    const named = urisOfPoint(part)
    if (!named.some((uri) => urls.includes(uri)))
      throw new RevocationError('notCovered', `it is for another distribution point (${named.join(', ').slice(0, 200)})`)
  }
}

const BASIC_CONSTRAINTS = '2.5.29.19'

/** @throws DerError */
function isAuthority(der: Uint8Array): boolean {
  const constraints = extensionsOfCertificate(der).get(BASIC_CONSTRAINTS)
  if (constraints === undefined) return false
  const [first] = childrenOf(expectTag(readDer(constraints.value), TAG.sequence))
  return first?.tag === TAG.boolean && first.content[0] !== 0
}

/** Some milliseconds of work; others get their turn in between. */
const ENTRIES_AT_ONCE = 10_000

/**
 * Looks serial numbers up.
 *
 * @param serials lower-case hex without a leading zero byte
 * @returns those that are in the list
 * @throws RevocationError `malformed`
 */
export async function findInCrl({ entries }: Crl, serials: ReadonlySet<string>): Promise<ReadonlyMap<string, CrlEntry>> {
  const found = new Map<string, CrlEntry>()
  if (serials.size === 0) return found
  const longest = Math.max(0, ...[...serials].map((serial) => serial.length / 2)) + 1
  try {
    let at = 0
    for (let count = 1; at < entries.length; count++) {
      const entry = elementAt(entries, at, TAG.sequence)
      const serial = elementAt(entries, entry.start, TAG.integer)
      if (serial.end > entry.end) throw new DerError('a serial number is longer than its entry')
      const hex = serial.end - serial.start > longest ? '' : hexOf(entries, serial)
      if (serials.has(hex)) found.set(hex, readEntry(readDer(entries.subarray(at, entry.end))))
      at = entry.end
      if (count % ENTRIES_AT_ONCE === 0) await setImmediate()
    }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new RevocationError('malformed', 'its entries cannot be read', { cause: error })
  }
  return found
}

interface Span {
  readonly start: number
  readonly end: number
}

function elementAt(bytes: Uint8Array, at: number, tag: number): Span {
  const short = bytes[at + 1] ?? 0x80
  if (bytes[at] !== tag) throw new DerError(`expected tag ${tag}`)
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f
  if (short === 0x80 || lengthBytes > 3) throw new DerError('the length is not definite or too long')
  let size = lengthBytes === 0 ? short : 0
  for (let index = 0; index < lengthBytes; index++) size = size * 256 + (bytes[at + 2 + index] ?? 0)
  const start = at + 2 + lengthBytes
  if (start + size > bytes.length) throw new DerError('the input ends too early')
  return { start, end: start + size }
}

function hexOf(bytes: Uint8Array, { start, end }: Span): string {
  const from = end - start > 1 && bytes[start] === 0 ? start + 1 : start
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('hex')
}

const REASON_CODE = '2.5.29.21'
const ENUMERATED = 0x0a

function readEntry(entry: DerNode): CrlEntry {
  const [, revokedAt, extensions] = childrenOf(entry)
  const reason = readExtensions(extensions).get(REASON_CODE)
  const code = reason === undefined ? 0 : (expectTag(readDer(reason.value), ENUMERATED).content[0] ?? 0)
  return { revokedAt: instantOf(revokedAt), reason: reasonName(code) }
}

/** As {@link findInCrl} and OCSP take it. @throws DerError */
export function serialHexOf(der: Uint8Array): string {
  const [body] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const fields = [...childrenOf(expectTag(body, TAG.sequence))]
  if (fields[0]?.tag === TAG.contextConstructed0) fields.shift()
  return integerHexOf(fields[0])
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one).equals(other)
}
