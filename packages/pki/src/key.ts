/**
 * Private keys: made and loaded with OpenSSL through node:crypto, because hundreds are made in a burst of renewals.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { CertificateFacts } from './certificate.ts'
import { readDer } from './der.ts'
import { PkiError } from './errors.ts'
import { parsePem, toPem, type PemBlock } from './pem.ts'
import { spkiAlgorithm, spkiSha256 } from './spki.ts'
import { x509Of } from './x509.ts'

export type KeyKind = 'p256' | 'p384' | 'rsa2048' | 'rsa3072' | 'rsa4096'

export interface PrivateKey {
  readonly pkcs8Pem: string
  /** Lower-case hex of the public key's SubjectPublicKeyInfo: what a key is recognised by. */
  readonly spkiSha256: string
  /** As in {@link KeyKind}; loaded keys may have others (`p521`, `ed25519`, `rsa1024`). */
  readonly algorithm: string
  readonly keyObject: KeyObject
}

const generate = promisify(generateKeyPair)
const CURVE = { p256: 'P-256', p384: 'P-384' } as const
const MODULUS_BITS = { rsa2048: 2048, rsa3072: 3072, rsa4096: 4096 } as const
const KEY_LABELS: readonly string[] = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY']

/** A new private key, made off the main thread. RSA takes tenths of a second to seconds, the curves less than a millisecond. */
export async function generateKey(kind: KeyKind = 'p256'): Promise<PrivateKey> {
  const pair =
    kind === 'p256' || kind === 'p384'
      ? await generate('ec', { namedCurve: CURVE[kind] })
      : await generate('rsa', { modulusLength: MODULUS_BITS[kind] })
  return describe(pair.privateKey, pair.publicKey)
}

/**
 * Loads an unencrypted PEM key: PKCS#8, PKCS#1 (`RSA PRIVATE KEY`) or SEC1 (`EC PRIVATE KEY`, with or without its parameters block).
 *
 * @throws PkiError `badPem`, `tooLarge`, `badKey` (encrypted, no key, several keys, not readable)
 */
export function loadPrivateKey(pem: string): PrivateKey {
  const key = readKey(keyBlock(pem))
  return describe(key, createPublicKey(key))
}

/**
 * {@link loadPrivateKey} for the key of a certificate: what is public of it is taken from the certificate, and a key in PKCS#8 is kept
 * as it came, since OpenSSL takes longer to write a key than to read it.
 *
 * @returns null when the key is another certificate's
 * @throws PkiError as {@link loadPrivateKey}
 */
export function loadKeyOf(certificate: CertificateFacts, pem: string): PrivateKey | null {
  const block = keyBlock(pem)
  const keyObject = readKey(block)
  if (!belongsTo(certificate, keyObject)) return null
  const { spkiSha256: spki, algorithm } = certificate
  const pkcs8Pem =
    block.label === 'PRIVATE KEY' ? toPem(block.der, block.label) : keyObject.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { pkcs8Pem, spkiSha256: spki, algorithm, keyObject }
}

function belongsTo(certificate: CertificateFacts, key: KeyObject): boolean {
  try {
    return x509Of(certificate).checkPrivateKey(key)
  } catch {
    return false // OpenSSL throws for keys of different types
  }
}

function keyBlock(pem: string): PemBlock {
  const blocks = parsePem(pem).filter((block) => block.label !== 'EC PARAMETERS')
  if (blocks.some((block) => block.label === 'ENCRYPTED PRIVATE KEY')) {
    throw new PkiError(
      'badKey',
      'The private key is encrypted: remove its passphrase first (openssl pkey -in key.pem -out plain.pem).',
    )
  }
  const keys = blocks.filter((block) => KEY_LABELS.includes(block.label))
  const [block] = keys
  if (!block || keys.length > 1) {
    throw new PkiError('badKey', `The text holds ${keys.length} private keys: send exactly one, as PKCS#8, PKCS#1 or SEC1 PEM.`)
  }
  return block
}

function readKey(block: PemBlock): KeyObject {
  try {
    readDer(block.der) // one element, nothing after it
    return createPrivateKey(toPem(block.der, block.label)) // OpenSSL reads PEM in less than half the time that it takes for DER
  } catch (cause) {
    throw new PkiError('badKey', 'The private key cannot be read: check that the file is complete and holds an RSA or EC key.', {
      cause,
    })
  }
}

function describe(keyObject: KeyObject, publicKey: KeyObject): PrivateKey {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return {
    pkcs8Pem: keyObject.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spkiSha256: spkiSha256(spki),
    algorithm: spkiAlgorithm(readDer(spki)),
    keyObject,
  }
}
