/**
 * Transaction signatures of DNS messages (RFC 8945).
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import dnsPacket from 'dns-packet'
import {
  CLASS,
  endOfName,
  TYPE,
  uint16,
  uint48,
  withAdditional,
  withoutLastAdditional,
  writeName,
  writeRecord,
} from './message.ts'

type TsigAlgorithm = 'hmac-sha256' | 'hmac-sha512'

export interface TsigKey {
  readonly name: string
  readonly algorithm: TsigAlgorithm
  readonly secret: Buffer
}

export interface SignedMessage {
  readonly message: Buffer
  /** What the reply's signature builds on. */
  readonly mac: Buffer
}

/** `error` of an unsigned reply says what the server holds against our signature (RFC 8945 §3). */
export type TsigVerdict =
  | { readonly state: 'verified'; readonly error: number }
  | { readonly state: 'unsigned'; readonly error: number }
  | { readonly state: 'forged' }

export const TSIG_ERROR = { badSignature: 16, badKey: 17, badTime: 18, badTruncation: 22 } as const

const FUDGE_SECONDS = 300 // RFC 8945 §10 recommends it

interface TsigFields {
  readonly timeSignedSeconds: number
  readonly fudgeSeconds: number
  readonly mac: Buffer
  readonly originalId: number
  readonly error: number
  readonly otherData: Buffer
}

/** @param now epoch milliseconds */
export function signMessage(message: Buffer, key: TsigKey, now: number): SignedMessage {
  const fields: TsigFields = {
    timeSignedSeconds: Math.floor(now / 1000),
    fudgeSeconds: FUDGE_SECONDS,
    mac: Buffer.alloc(0),
    originalId: message.readUInt16BE(0),
    error: 0,
    otherData: Buffer.alloc(0),
  }
  const mac = macOf([message, variables(key, fields)], key)
  const data = Buffer.concat([
    writeName(key.algorithm),
    uint48(fields.timeSignedSeconds),
    uint16(fields.fudgeSeconds, mac.length),
    mac,
    uint16(fields.originalId, fields.error, 0),
  ])
  return {
    message: withAdditional(message, writeRecord({ name: key.name, type: TYPE.tsig, class: CLASS.any, ttlSeconds: 0, data })),
    mac,
  }
}

/**
 * Whether the reply comes from someone who has the key and read our request (RFC 8945 §5.3).
 *
 * @throws RangeError or Error when the reply is not a DNS message
 */
export function verifyReply(reply: Buffer, request: SignedMessage, key: TsigKey, now: number): TsigVerdict {
  const last = dnsPacket.decode(reply).additionals?.at(-1)
  const bare = withoutLastAdditional(reply)
  if (last?.type !== 'TSIG' || bare === null) return { state: 'unsigned', error: 0 }
  const fields = readFields(last.data)
  if (fields.mac.length === 0) return { state: 'unsigned', error: fields.error }
  bare.writeUInt16BE(fields.originalId, 0)
  const expected = macOf([uint16(request.mac.length), request.mac, bare, variables(key, fields)], key)
  const isGenuine = fields.mac.length === expected.length && timingSafeEqual(fields.mac, expected)
  const isTimely = Math.abs(now / 1000 - fields.timeSignedSeconds) <= fields.fudgeSeconds || fields.error === TSIG_ERROR.badTime
  return isGenuine && isTimely ? { state: 'verified', error: fields.error } : { state: 'forged' }
}

function macOf(parts: readonly Buffer[], key: TsigKey): Buffer {
  const hmac = createHmac(key.algorithm.replace('hmac-', ''), key.secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** RFC 8945 §4.3.3. */
function variables(key: TsigKey, fields: TsigFields): Buffer {
  return Buffer.concat([
    writeName(key.name),
    uint16(CLASS.any, 0, 0), // class, and a TTL of 32 bits
    writeName(key.algorithm),
    uint48(fields.timeSignedSeconds),
    uint16(fields.fudgeSeconds, fields.error, fields.otherData.length),
    fields.otherData,
  ])
}

/** RFC 8945 §4.2. */
function readFields(data: Buffer): TsigFields {
  const at = endOfName(data, 0)
  const macSize = data.readUInt16BE(at + 8)
  const afterMac = at + 10 + macSize
  const otherSize = data.readUInt16BE(afterMac + 4)
  return {
    timeSignedSeconds: data.readUIntBE(at, 6),
    fudgeSeconds: data.readUInt16BE(at + 6),
    mac: data.subarray(at + 10, afterMac),
    originalId: data.readUInt16BE(afterMac),
    error: data.readUInt16BE(afterMac + 2),
    otherData: data.subarray(afterMac + 6, afterMac + 6 + otherSize),
  }
}
