/**
 * An authenticator app (RFC 6238: SHA-1, 30 seconds, six digits).
 *
 * @module
 */
import { createHmac } from 'node:crypto'

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** @param uri `otpauth://totp/…` @param instant epoch milliseconds */
export function totpOf(uri: string, instant: number = Date.now()): string {
  const secret = new URL(uri).searchParams.get('secret') ?? ''
  const bits = Array.from(secret.replace(/=+$/, ''), (character) => BASE32.indexOf(character).toString(2).padStart(5, '0')).join(
    '',
  )
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(instant / 30_000)))
  const digest = createHmac('sha1', key).update(counter).digest()
  const at = (digest.at(-1) ?? 0) & 0x0f
  return String((digest.readUInt32BE(at) & 0x7f_ff_ff_ff) % 1_000_000).padStart(6, '0')
}
