/**
 * Signatures of CRLs and OCSP responses (RFC 5280 §5.1.1.2, RFC 6960 §4.2.1).
 *
 * @module
 */
import { constants, verify, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { bitStringOf, childrenOf, expectTag, oidOf, TAG, type DerNode } from '../der-reader.ts'
import { RevocationError } from './revocation-error.ts'

interface Scheme {
  readonly digest: string | null
  readonly keyTypes: readonly string[]
}

const RSA = ['rsa']
const RSA_PSS = '1.2.840.113549.1.1.10'
/** SHA-1 is not among them: who can make collisions could have a list signed that the CA never wrote. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  '1.2.840.113549.1.1.11': { digest: 'sha256', keyTypes: RSA },
  '1.2.840.113549.1.1.12': { digest: 'sha384', keyTypes: RSA },
  '1.2.840.113549.1.1.13': { digest: 'sha512', keyTypes: RSA },
  '1.2.840.10045.4.3.2': { digest: 'sha256', keyTypes: ['ec'] },
  '1.2.840.10045.4.3.3': { digest: 'sha384', keyTypes: ['ec'] },
  '1.2.840.10045.4.3.4': { digest: 'sha512', keyTypes: ['ec'] },
  '1.3.101.112': { digest: null, keyTypes: ['ed25519'] },
  '1.3.101.113': { digest: null, keyTypes: ['ed448'] },
}
const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** In a thread of Node's pool: a list may be long. */
const verifyAside = promisify(verify)

/** What is signed, by which algorithm, and the signature. */
export interface Signed {
  readonly toBeSigned: DerNode
  readonly algorithm: DerNode
  readonly signature: DerNode
}

/** The three parts of anything that X.509 signs. @throws DerError */
export function readSigned(node: DerNode): Signed {
  const [toBeSigned, algorithm, signature] = childrenOf(expectTag(node, TAG.sequence))
  return {
    toBeSigned: expectTag(toBeSigned, TAG.sequence),
    algorithm: expectTag(algorithm, TAG.sequence),
    signature: expectTag(signature, TAG.bitString),
  }
}

/** @throws RevocationError `badSignature` when the algorithm is not accepted; DerError */
export async function isSignedBy({ toBeSigned, algorithm, signature }: Signed, key: KeyObject): Promise<boolean> {
  const [oid, parameters] = childrenOf(algorithm)
  const name = oidOf(oid)
  const { digest, keyTypes } = name === RSA_PSS ? readPss(parameters) : (SCHEMES[name] ?? refuse(name))
  if (!keyTypes.includes(key.asymmetricKeyType ?? '')) return false
  const padding = name === RSA_PSS ? { padding: constants.RSA_PKCS1_PSS_PADDING } : {}
  // A key may demand another digest than the one that was used (RSA-PSS): then OpenSSL does not answer no, it refuses.
  return verifyAside(digest, toBeSigned.whole, { key, ...padding }, bitStringOf(signature)).catch(() => false)
}

/** RFC 4055 §3.1: the digest is `[0]`; without it, SHA-1. */
function readPss(parameters: DerNode | undefined): Scheme {
  const [hashAlgorithm] = parameters === undefined ? [] : childrenOf(expectTag(parameters, TAG.sequence))
  const [algorithm] = hashAlgorithm?.tag === TAG.contextConstructed0 ? childrenOf(hashAlgorithm) : []
  const oid = algorithm === undefined ? '' : oidOf(childrenOf(expectTag(algorithm, TAG.sequence))[0])
  const digest = DIGESTS[oid]
  return digest === undefined ? refuse(`${RSA_PSS} ${oid}`) : { digest, keyTypes: ['rsa', 'rsa-pss'] }
}

function refuse(name: string): never {
  throw new RevocationError('badSignature', `it is signed by an algorithm that is not accepted (${name})`)
}
