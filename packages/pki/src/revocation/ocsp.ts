/**
 * The state of one certificate, asked of its CA's responder or stapled to a handshake (RFC 6960, in the form of RFC 5019).
 *
 * @module
 */
import { createPublicKey, hash, X509Certificate } from 'node:crypto'
import {
  bitStringOf,
  childrenOf,
  DerError,
  expectTag,
  instantOf,
  integerHexOf,
  oidOf,
  readDer,
  TAG,
  writeDer,
  writeOid,
  type DerNode,
} from '../der.ts'
import { ensureTimely } from './crl.ts'
import { ensureIssued, isIssuedByDer } from './issued.ts'
import { reasonName, type RevocationReasonName } from './reasons.ts'
import { RevocationError } from './revocation-error.ts'
import { isSignedBy, readSigned, type Signed } from './signature.ts'

export interface OcspQuestion {
  /** DER. */
  readonly leaf: Uint8Array
  /** DER of the certificate that issued it. */
  readonly issuer: Uint8Array
}

/** Instants in epoch milliseconds. */
export type OcspAnswer = {
  readonly thisUpdate: number
  /** A responder that has newer answers at any time names none: then an hour from now. */
  readonly nextUpdate: number
} & (
  { readonly status: 'good' } | { readonly status: 'revoked'; readonly revokedAt: number; readonly reason: RevocationReasonName }
)

const SHA1 = '1.3.14.3.2.26'
const DIGESTS: Readonly<Record<string, string>> = {
  [SHA1]: 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** DER of a request for one certificate, without a nonce, so that responders may answer from what they signed before. @throws DerError */
export function createOcspRequest({ leaf, issuer }: OcspQuestion): Uint8Array {
  const { name, key, serial } = readIdentity(leaf, issuer)
  // SHA-1 names the issuer here and protects nothing; it is what every responder knows (RFC 5019 §2.1.1).
  const certId = writeDer(
    TAG.sequence,
    writeDer(TAG.sequence, writeOid(SHA1), NULL),
    writeDer(TAG.octetString, hash('sha1', name, 'buffer')),
    writeDer(TAG.octetString, hash('sha1', key, 'buffer')),
    serial,
  )
  return writeDer(TAG.sequence, writeDer(TAG.sequence, writeDer(TAG.sequence, writeDer(TAG.sequence, certId))))
}

const NULL = Uint8Array.of(0x05, 0)

interface Identity {
  /** The issuer's name, DER. */
  readonly name: Uint8Array
  /** The issuer's public key without its algorithm. */
  readonly key: Uint8Array
  /** DER. */
  readonly serial: Uint8Array
}

function readIdentity(leaf: Uint8Array, issuer: Uint8Array): Identity {
  const [serial] = fieldsOf(leaf)
  const fields = fieldsOf(issuer)
  const [, key] = childrenOf(expectTag(fields[5], TAG.sequence))
  return { name: expectTag(fields[4], TAG.sequence).whole, key: bitStringOf(key), serial: expectTag(serial, TAG.integer).whole }
}

function fieldsOf(der: Uint8Array): readonly DerNode[] {
  const [body] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const fields = childrenOf(expectTag(body, TAG.sequence))
  return fields[0]?.tag === TAG.contextConstructed0 ? fields.slice(1) : fields
}

/**
 * What a response says of the certificate, in the name of who really issued it.
 *
 * @throws RevocationError `malformed`, `badSignature`, `stale`, `notCovered`, `notAnswered`
 */
export async function readOcspResponse(der: Uint8Array, question: OcspQuestion, now: number): Promise<OcspAnswer> {
  ensureIssued(question.leaf, question.issuer)
  try {
    const basic = readBasic(der)
    const [body] = childrenOf(expectTag(basic, TAG.sequence))
    const single = findSingle(expectTag(body, TAG.sequence), question)
    await ensureSigned(readSigned(basic), certificatesOf(basic), question.issuer, now)
    return readSingle(single, now)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    throw new RevocationError('malformed', 'it is no OCSP response', { cause: error })
  }
}

const ENUMERATED = 0x0a
const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1'
const STATES: Readonly<Record<number, string>> = {
  1: 'malformedRequest',
  2: 'internalError',
  3: 'tryLater',
  5: 'sigRequired',
  6: 'unauthorized',
}

function readBasic(der: Uint8Array): DerNode {
  const [state, wrapped] = childrenOf(expectTag(readDer(der), TAG.sequence))
  const code = expectTag(state, ENUMERATED).content[0] ?? -1
  if (code !== 0) throw new RevocationError('notAnswered', `the responder refuses: ${STATES[code] ?? code}`)
  const [bytes] = childrenOf(expectTag(wrapped, TAG.contextConstructed0))
  const [type, response] = childrenOf(expectTag(bytes, TAG.sequence))
  if (oidOf(type) !== BASIC_RESPONSE) throw new DerError('not a basic response')
  return readDer(expectTag(response, TAG.octetString).content)
}

/** Responders answer about what was asked, and some about more that they signed with it. */
const MAX_SINGLES = 256

function findSingle(body: DerNode, { leaf, issuer }: OcspQuestion): DerNode {
  const identity = readIdentity(leaf, issuer)
  const serial = integerHexOf(readDer(identity.serial))
  // The first SEQUENCE that is not tagged: version and responder are `[0]`, `[1]` or `[2]`.
  const list = childrenOf(body).find(({ tag }) => tag === TAG.sequence)
  for (const single of childrenOf(expectTag(list, TAG.sequence), MAX_SINGLES)) {
    const [certId] = childrenOf(expectTag(single, TAG.sequence))
    const [algorithm, name, key, number] = childrenOf(expectTag(certId, TAG.sequence))
    const digest = DIGESTS[oidOf(childrenOf(expectTag(algorithm, TAG.sequence))[0])]
    if (digest === undefined || integerHexOf(number) !== serial) continue
    const isSame = (part: DerNode | undefined, bytes: Uint8Array) =>
      hash(digest, bytes, 'buffer').equals(expectTag(part, TAG.octetString).content)
    if (isSame(name, identity.name) && isSame(key, identity.key)) return single
  }
  throw new RevocationError('notCovered', 'the response is about other certificates')
}

function certificatesOf(basic: DerNode): readonly Uint8Array[] {
  const wrapped = childrenOf(basic).find(({ tag }) => tag === TAG.contextConstructed0)
  const [list] = wrapped === undefined ? [] : childrenOf(wrapped)
  return list === undefined ? [] : childrenOf(list).map(({ whole }) => whole)
}

const MAX_SIGNERS = 4
/** id-kp-OCSPSigning, RFC 6960 §4.2.2.2. */
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'

/** By the issuer itself, or by whom it allowed to: a certificate of its own for just this. */
async function ensureSigned(signed: Signed, sent: readonly Uint8Array[], issuer: Uint8Array, now: number): Promise<void> {
  const key = createPublicKey({
    key: Buffer.from(expectTag(fieldsOf(issuer)[5], TAG.sequence).whole),
    format: 'der',
    type: 'spki',
  })
  if (await isSignedBy(signed, key)) return
  for (const der of sent.slice(0, MAX_SIGNERS)) {
    if (!isIssuedByDer(der, issuer)) continue
    const signer = new X509Certificate(der)
    const isInTime = signer.validFromDate.getTime() <= now && now <= signer.validToDate.getTime()
    const isAllowed = (signer.keyUsage ?? []).includes(OCSP_SIGNING)
    if (isInTime && isAllowed && (await isSignedBy(signed, signer.publicKey))) return
  }
  throw new RevocationError('badSignature', 'its signature is neither by the issuer nor by a responder of it')
}

const GOOD = 0x80
const REVOKED = 0xa1
const WITHOUT_NEXT_MS = 3_600_000
/** A response without an end is for the moment. */
const MAX_AGE_WITHOUT_NEXT_MS = 86_400_000

function readSingle(single: DerNode, now: number): OcspAnswer {
  const [, state, thisUpdate, next] = childrenOf(single)
  const begins = instantOf(thisUpdate)
  const [until] = next?.tag === TAG.contextConstructed0 ? childrenOf(next) : []
  const ends = until === undefined ? null : instantOf(until)
  ensureTimely({ thisUpdate: begins, nextUpdate: ends ?? begins + MAX_AGE_WITHOUT_NEXT_MS }, now)
  const times = { thisUpdate: begins, nextUpdate: ends ?? now + WITHOUT_NEXT_MS }
  if (state?.tag === GOOD) return { status: 'good', ...times }
  if (state?.tag !== REVOKED) throw new RevocationError('notAnswered', 'the responder does not know the certificate')
  const [revokedAt, reason] = childrenOf(state)
  const [code] = reason?.tag === TAG.contextConstructed0 ? childrenOf(reason) : []
  return {
    status: 'revoked',
    ...times,
    revokedAt: instantOf(revokedAt),
    reason: reasonName(code === undefined ? 0 : (expectTag(code, ENUMERATED).content[0] ?? 0)),
  }
}
