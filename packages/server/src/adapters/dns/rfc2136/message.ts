/**
 * DNS messages in wire format (RFC 1035 §4), as far as dynamic updates need them. dns-packet reads the replies; it cannot write an
 * update, because it knows neither the class NONE nor TSIG.
 *
 * @module
 */

export const TYPE = { cname: 5, soa: 6, txt: 16, tsig: 250 } as const
export const CLASS = { in: 1, none: 254, any: 255 } as const
export const OPCODE = { query: 0, update: 5 } as const

interface Question {
  readonly name: string
  readonly type: number
}

export interface RecordWish extends Question {
  readonly class: number
  readonly ttlSeconds: number
  readonly data: Buffer
}

export interface MessageWish {
  readonly id: number
  readonly opcode: number
  readonly question: Question
  /** Of an update: what must hold (RFC 2136 §2.4). */
  readonly prerequisites?: readonly RecordWish[]
  /** Of an update: what changes (RFC 2136 §2.5). */
  readonly updates?: readonly RecordWish[]
}

const HEADER_OCTETS = 12
const ADDITIONAL_COUNT_AT = 10
const LONGEST_STRING = 255 // RFC 1035 §3.3

export function writeMessage({ id, opcode, question, prerequisites = [], updates = [] }: MessageWish): Buffer {
  const header = uint16(id, opcode << 11, 1, prerequisites.length, updates.length, 0)
  const asked = [writeName(question.name), uint16(question.type, CLASS.in)]
  return Buffer.concat([header, ...asked, ...[...prerequisites, ...updates].map(writeRecord)])
}

export function writeRecord({ name, type, class: recordClass, ttlSeconds, data }: RecordWish): Buffer {
  return Buffer.concat([writeName(name), uint16(type, recordClass), uint32(ttlSeconds), uint16(data.length), data])
}

/** Lower case and uncompressed: the canonical form that TSIG signs (RFC 8945 §4.3.3). */
export function writeName(name: string): Buffer {
  const labels = name
    .toLowerCase()
    .split('.')
    .filter((label) => label !== '')
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])
}

/** The data of a TXT record: strings of at most 255 octets. */
export function writeText(value: string): Buffer {
  const octets = Buffer.from(value, 'utf8')
  const strings: Buffer[] = []
  for (let at = 0; at === 0 || at < octets.length; at += LONGEST_STRING) {
    const part = octets.subarray(at, at + LONGEST_STRING)
    strings.push(Buffer.from([part.length]), part)
  }
  return Buffer.concat(strings)
}

/** The message with one record more in its additional section. */
export function withAdditional(message: Buffer, record: Buffer): Buffer {
  return Buffer.concat([withAdditionalCount(message, message.readUInt16BE(ADDITIONAL_COUNT_AT) + 1), record])
}

/**
 * Cuts the last record of the additional section off.
 *
 * @returns null when there is none. @throws RangeError when the message ends too early
 */
export function withoutLastAdditional(message: Buffer): Buffer | null {
  const additionals = message.readUInt16BE(ADDITIONAL_COUNT_AT)
  if (additionals === 0) return null
  const questions = message.readUInt16BE(4)
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + additionals - 1
  let at = HEADER_OCTETS
  for (let count = 0; count < questions; count++) at = endOfName(message, at) + 4
  for (let count = 0; count < records; count++) {
    const fixed = endOfName(message, at)
    at = fixed + 10 + message.readUInt16BE(fixed + 8)
  }
  return withAdditionalCount(message.subarray(0, at), additionals - 1)
}

/** Where the name that begins at `at` ends; a compression pointer ends it (RFC 1035 §4.1.4). */
export function endOfName(message: Buffer, at: number): number {
  const length = message.readUInt8(at)
  if (length >= 0xc0) return at + 2
  return length === 0 ? at + 1 : endOfName(message, at + 1 + length)
}

export function uint16(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => octets.writeUInt16BE(value, index * 2))
  return octets
}

export function uint48(value: number): Buffer {
  const octets = Buffer.alloc(6)
  octets.writeUIntBE(value, 0, 6)
  return octets
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}

function withAdditionalCount(message: Buffer, count: number): Buffer {
  const copy = Buffer.from(message)
  copy.writeUInt16BE(count, ADDITIONAL_COUNT_AT)
  return copy
}
