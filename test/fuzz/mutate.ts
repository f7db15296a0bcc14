/**
 * Changes that make good input bad, or just different.
 *
 * @module
 */
import type { Random } from './random.ts'

type Change<Input> = (input: Input, random: Random) => Input

const INTERESTING = [0x00, 0x01, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xa0, 0xa3, 0xff]

const BYTE_CHANGES: readonly Change<Buffer>[] = [
  (input, random) => withByte(input, random.below(input.length || 1), random.below(256)),
  (input, random) => withByte(input, random.below(input.length || 1), random.pick(INTERESTING)),
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => Buffer.concat([input, random.bytes(random.below(20))]),
  (input, random) => cut(input, random.below(input.length + 1), random.below(8)),
  (input, random) => insert(input, random.below(input.length + 1), random.bytes(random.below(8))),
  (input, random) => repeat(input, random.below(input.length + 1), random.below(64)),
  // A length of DER that promises more than there is.
  (input, random) => insert(input, random.below(Math.min(40, input.length + 1)), Buffer.from([0x84, 0xff, 0xff, 0xff, 0xff])),
]

export function mutateBytes(input: Buffer, random: Random): Buffer {
  return applySome(Buffer.from(input), BYTE_CHANGES, random)
}

const SNIPPETS = [
  '-----BEGIN CERTIFICATE-----\n',
  '-----END CERTIFICATE-----\n',
  '-----BEGIN PRIVATE KEY-----\n',
  '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n',
  'Proc-Type: 4,ENCRYPTED\n',
  '=',
  '====',
  '\r',
  '\n\n',
  '\u0000',
  '\u2028',
  '\ud800',
  '中文',
  '"',
  '\\',
  'A'.repeat(70_000),
]

const TEXT_CHANGES: readonly Change<string>[] = [
  (input, random) => mutateBytes(Buffer.from(input, 'latin1'), random).toString('latin1'),
  (input, random) => {
    const at = random.below(input.length + 1)
    return input.slice(0, at) + random.pick(SNIPPETS) + input.slice(at)
  },
  (input, random) =>
    input.replace(random.pick(['-----END', '-----BEGIN', 'CERTIFICATE', 'PRIVATE', '\n', 'MII']), random.pick(SNIPPETS)),
  (input) => input.replaceAll('\n', ''),
  (input) => input.replaceAll('\n', '\r\n'),
  (input) => input + input,
  (input, random) =>
    input
      .split('\n')
      .toSorted(() => random.below(3) - 1)
      .join('\n'),
]

export function mutateText(input: string, random: Random): string {
  return applySome(input, TEXT_CHANGES, random)
}

/** What some reader takes for a time, and another for none. */
export const TIMES: readonly string[] = [
  '2026-02-30T00:00:00.000Z',
  '2026-06-15T24:00:00.000Z',
  '2016-12-31T23:59:60.000Z',
  '0000-01-01T00:00:00.000Z',
  '0001-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
  '-000001-01-01T00:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
  '2026-06-15T00:00:00.000+14:00',
]

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e300,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '__proto__',
  '../../etc/passwd',
  "'; drop table certificate; --",
  ...TIMES,
  'x'.repeat(5000),
  [],
  [[[[]]]],
  {},
  { __proto__: { admin: true } },
]

/** Puts odd values at random places, leaves fields out and adds others. */
export function mutateJson(input: unknown, random: Random): unknown {
  if (random.chance(0.15)) return random.pick(VALUES)
  if (Array.isArray(input)) {
    const items: unknown[] = input.map((item) => mutateJson(item, random))
    if (random.chance(0.1)) items.push(random.pick(VALUES))
    return items
  }
  if (typeof input === 'string' && random.chance(0.3)) return mutateText(input, random)
  if (typeof input !== 'object' || input === null) return input
  const fields = Object.entries(input).filter(() => !random.chance(0.08))
  const changed = fields.map(([name, value]): [string, unknown] => [name, random.chance(0.3) ? mutateJson(value, random) : value])
  if (random.chance(0.05)) changed.push([random.pick(['__proto__', 'constructor', 'id', 'accountId', '']), random.pick(VALUES)])
  return Object.fromEntries(changed)
}

function applySome<Input>(input: Input, changes: readonly Change<Input>[], random: Random): Input {
  let output = input
  for (let left = 1 + random.below(3); left > 0; left -= 1) output = random.pick(changes)(output, random)
  return output
}

function withByte(input: Buffer, at: number, byte: number): Buffer {
  if (input.length > 0) input[at] = byte
  return input
}

function cut(input: Buffer, at: number, length: number): Buffer {
  return Buffer.concat([input.subarray(0, at), input.subarray(at + length)])
}

function insert(input: Buffer, at: number, bytes: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), bytes, input.subarray(at)])
}

function repeat(input: Buffer, at: number, length: number): Buffer {
  return insert(input, at, input.subarray(at, at + length))
}
