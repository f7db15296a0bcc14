/**
 * Keys out of passwords as PKCS#12 makes them (RFC 7292 appendix B.2): for its MAC, and for its encryption of before PBES2.
 *
 * @module
 */
import { hash } from 'node:crypto'

export type Pkcs12Hash = 'sha1' | 'sha256'

/** What the bytes are for, so that one password and salt give unrelated ones (RFC 7292 appendix B.3). */
export const KEY_USE = { key: 1, iv: 2, mac: 3 } as const

/** Input block of SHA-1 and of SHA-256, bytes. */
const BLOCK_BYTES = 64

export interface Pkcs12KeyRequest {
  readonly hash: Pkcs12Hash
  readonly use: (typeof KEY_USE)[keyof typeof KEY_USE]
  readonly password: string
  readonly salt: Uint8Array
  readonly iterations: number
  readonly sizeBytes: number
}

/** Takes about a millisecond for a thousand iterations, on the calling thread. */
export function derivePkcs12Key(request: Pkcs12KeyRequest): Uint8Array {
  const diversifier = Buffer.alloc(BLOCK_BYTES, request.use)
  const input = Buffer.concat([fillBlocks(request.salt), fillBlocks(bmpPassword(request.password))])
  const parts: Buffer[] = []
  for (let size = 0; size < request.sizeBytes;) {
    let digest = digestOf(request.hash, Buffer.concat([diversifier, input]))
    for (let round = 1; round < request.iterations; round++) digest = digestOf(request.hash, digest)
    parts.push(digest)
    size += digest.length
    addToBlocks(input, fillBlocks(digest).subarray(0, BLOCK_BYTES))
  }
  return new Uint8Array(Buffer.concat(parts)).subarray(0, request.sizeBytes)
}

function digestOf(name: Pkcs12Hash, bytes: Buffer): Buffer {
  return hash(name, bytes, 'buffer')
}

/** UTF-16, high byte first, and two zero bytes at the end (RFC 7292 appendix B.1). */
function bmpPassword(password: string): Buffer {
  return Buffer.from(`${password}\0`, 'utf16le').swap16()
}

/** Repeated until it fills whole blocks; nothing stays nothing. */
function fillBlocks(bytes: Uint8Array): Buffer {
  const size = BLOCK_BYTES * Math.ceil(bytes.length / BLOCK_BYTES)
  return size === 0 ? Buffer.alloc(0) : Buffer.alloc(size, bytes)
}

/** Each block of the input becomes itself plus `block` plus one, as numbers of 64 bytes, in place. */
function addToBlocks(input: Buffer, block: Buffer): void {
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    let carry = 1
    for (let at = BLOCK_BYTES - 1; at >= 0; at--) {
      carry += (input[start + at] ?? 0) + (block[at] ?? 0)
      input[start + at] = carry & 0xff
      carry >>= 8
    }
  }
}
