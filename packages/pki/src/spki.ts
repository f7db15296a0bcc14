/**
 * What a SubjectPublicKeyInfo says of its key, without asking OpenSSL: the import of large lists reads one for each certificate.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { bitStringOf, childrenOf, expectTag, oidOf, readDer, TAG, toHex } from './der.ts'
import type { DerNode } from './der.ts'

const RSA = '1.2.840.113549.1.1.1'
const EC = '1.2.840.10045.2.1'
const CURVES: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'p256',
  '1.3.132.0.34': 'p384',
  '1.3.132.0.35': 'p521',
  '1.3.132.0.10': 'secp256k1',
}
const OTHERS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.10': 'rsaPss',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
}

/** `p256`, `p384`, `p521`, `rsa2048` (with the real number of bits), `ed25519`, …; an object identifier when it is none of these. */
export function spkiAlgorithm(spki: DerNode): string {
  const [algorithm, key] = childrenOf(expectTag(spki, TAG.sequence))
  const [id, parameters] = childrenOf(expectTag(algorithm, TAG.sequence))
  const oid = oidOf(id)
  if (oid === EC) {
    const curve = parameters?.tag === TAG.oid ? oidOf(parameters) : 'explicit'
    return CURVES[curve] ?? `ec-${curve}`
  }
  if (oid === RSA) return `rsa${modulusBits(bitStringOf(key))}`
  return OTHERS[oid] ?? oid
}

/** Lower-case hex. */
export function spkiSha256(spkiDer: Uint8Array): string {
  return hash('sha256', spkiDer)
}

/** Whether the key may be certified: RSA from 2048 bits, P-256 and P-384 (BR 6.1.5). */
export function isStrongKey(algorithm: string): boolean {
  if (algorithm === 'p256' || algorithm === 'p384') return true
  const bits = /^rsa(\d+)$/.exec(algorithm)?.[1]
  return bits !== undefined && Number(bits) >= 2048
}

function modulusBits(rsaPublicKey: Uint8Array): number {
  const [modulus] = childrenOf(readDer(rsaPublicKey))
  const hex = toHex(expectTag(modulus, TAG.integer).content).replace(/^0+/, '')
  return hex === '' ? 0 : (hex.length - 1) * 4 + Number.parseInt(hex[0] ?? '0', 16).toString(2).length
}
