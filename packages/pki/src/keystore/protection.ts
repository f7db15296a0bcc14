/**
 * How the contents of a PKCS#12 file are encrypted and sealed: one choice for current readers, one for old ones.
 *
 * @module
 */
import { createCipheriv, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { TAG, writeDer, writeOid } from '../der.ts'
import { derivePkcs12Key, KEY_USE, type Pkcs12Hash } from './pkcs12-key.ts'

/**
 * `aes256`: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256 (RFC 8018 §6.2), MAC HMAC-SHA256. OpenSSL 1.1, Java 8u301 and 11.0.12,
 * Windows Server 2019, and what came after them.
 *
 * `tripleDes`: pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C), MAC HMAC-SHA1. Everything that reads PKCS#12 reads it; Windows
 * Server 2016 and before read nothing newer, and call the password wrong. Only for random passwords: its key derivation is weak.
 */
export type Pkcs12Protection = 'aes256' | 'tripleDes'

interface Encrypted {
  /** AlgorithmIdentifier with its parameters, DER. */
  readonly algorithm: Uint8Array
  readonly ciphertext: Uint8Array
}

interface Method {
  readonly encrypt: (plain: Uint8Array, password: string) => Promise<Encrypted>
  readonly macHash: Pkcs12Hash
  readonly macOid: string
  readonly macBytes: number
  readonly iterations: number
}

const SALT_BYTES = 16
/** What keytool writes, and what Windows writes: the passwords here are random, so that more would only delay their owner. */
const AES_ITERATIONS = 10_000
const TRIPLE_DES_ITERATIONS = 2000

const OID = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacWithSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  shaAndTripleDes: '1.2.840.113549.1.12.1.3',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const

const NULL = Uint8Array.from([0x05, 0x00])
const deriveKey = promisify(pbkdf2)

export const METHODS: Readonly<Record<Pkcs12Protection, Method>> = {
  aes256: {
    encrypt: encryptAes256,
    macHash: 'sha256',
    macOid: OID.sha256,
    macBytes: 32,
    iterations: AES_ITERATIONS,
  },
  tripleDes: {
    encrypt: (plain, password) => Promise.resolve(encryptTripleDes(plain, password)),
    macHash: 'sha1',
    macOid: OID.sha1,
    macBytes: 20,
    iterations: TRIPLE_DES_ITERATIONS,
  },
}

async function encryptAes256(plain: Uint8Array, password: string): Promise<Encrypted> {
  const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(16)]
  const key = await deriveKey(password, salt, AES_ITERATIONS, 32, 'sha256')
  const derivation = writeDer(
    TAG.sequence,
    writeDer(TAG.octetString, salt),
    writeInteger(AES_ITERATIONS),
    writeDer(TAG.sequence, writeOid(OID.hmacWithSha256), NULL),
  )
  const parameters = writeDer(
    TAG.sequence,
    writeDer(TAG.sequence, writeOid(OID.pbkdf2), derivation),
    writeDer(TAG.sequence, writeOid(OID.aes256Cbc), writeDer(TAG.octetString, iv)),
  )
  return {
    algorithm: writeDer(TAG.sequence, writeOid(OID.pbes2), parameters),
    ciphertext: encrypt('aes-256-cbc', key, iv, plain),
  }
}

function encryptTripleDes(plain: Uint8Array, password: string): Encrypted {
  const salt = randomBytes(SALT_BYTES)
  const common = { hash: 'sha1', password, salt, iterations: TRIPLE_DES_ITERATIONS } as const
  const key = derivePkcs12Key({ ...common, use: KEY_USE.key, sizeBytes: 24 })
  const iv = derivePkcs12Key({ ...common, use: KEY_USE.iv, sizeBytes: 8 })
  const parameters = writeDer(TAG.sequence, writeDer(TAG.octetString, salt), writeInteger(TRIPLE_DES_ITERATIONS))
  return {
    algorithm: writeDer(TAG.sequence, writeOid(OID.shaAndTripleDes), parameters),
    ciphertext: encrypt('des-ede3-cbc', key, iv, plain),
  }
}

/** MacData over the authenticated safe (RFC 7292 §4). */
export function writeMac(content: Uint8Array, password: string, protection: Pkcs12Protection): Uint8Array {
  const { macHash, macOid, macBytes, iterations } = METHODS[protection]
  const salt = randomBytes(SALT_BYTES)
  const key = derivePkcs12Key({ hash: macHash, use: KEY_USE.mac, password, salt, iterations, sizeBytes: macBytes })
  const mac = createHmac(macHash, key).update(content).digest()
  const digest = writeDer(TAG.sequence, writeDer(TAG.sequence, writeOid(macOid), NULL), writeDer(TAG.octetString, mac))
  return writeDer(TAG.sequence, digest, writeDer(TAG.octetString, salt), writeInteger(iterations))
}

/** A positive INTEGER of at most four bytes. */
export function writeInteger(value: number): Uint8Array {
  const bytes = [value & 0xff]
  for (let left = value >>> 8; left > 0; left >>>= 8) bytes.unshift(left & 0xff)
  return writeDer(TAG.integer, Uint8Array.from((bytes[0] ?? 0) < 0x80 ? bytes : [0, ...bytes]))
}

function encrypt(cipherName: string, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv(cipherName, key, iv)
  return Buffer.concat([cipher.update(plain), cipher.final()])
}
