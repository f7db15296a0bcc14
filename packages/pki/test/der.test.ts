import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { childrenOf, DerError, instantOf, oidOf, readDer, TAG, writeDer, writeOid } from '../src/der.ts'

describe('instantOf', () => {
  const time = (tag: number, text: string): number => instantOf(readDer(writeDer(tag, Buffer.from(text))))
  test.each([
    [TAG.utcTime, '491231235959Z', Date.UTC(2049, 11, 31, 23, 59, 59)],
    [TAG.utcTime, '500101000000Z', Date.UTC(1950, 0, 1)],
    [TAG.generalizedTime, '20500101000000Z', Date.UTC(2050, 0, 1)],
    [TAG.generalizedTime, '99991231235959Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ])('%i %s', (tag, text, expected) => {
    expect(time(tag, text)).toBe(expected)
  })
  test.each([
    [TAG.utcTime, '4912312359Z'],
    [TAG.utcTime, '491231235959+0100'],
    [TAG.utcTime, '491331235959Z'],
    [TAG.utcTime, '491232235959Z'],
    [TAG.generalizedTime, '20500101000000.5Z'],
    [TAG.generalizedTime, '00000101000000Z'], // no database takes it
    [TAG.integer, '491231235959Z'],
  ])('%i %s is refused', (tag, text) => {
    expect(() => time(tag, text)).toThrow(DerError)
  })
})

test('what is written is read back, of any length', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), (contents) => {
      const node = readDer(writeDer(TAG.sequence, ...contents.map((content) => writeDer(TAG.octetString, content))))
      expect(childrenOf(node).map(({ content }) => Buffer.from(content))).toEqual(contents.map((content) => Buffer.from(content)))
    }),
  )
})

test('object identifiers are written and read back', () => {
  const arc = fc.nat(2 ** 31)
  fc.assert(
    fc.property(fc.nat(2), fc.nat(39), fc.array(arc, { maxLength: 8 }), (first, second, rest) => {
      const dotted = [first, second, ...rest].join('.')
      expect(oidOf(readDer(writeOid(dotted)))).toBe(dotted)
    }),
  )
})

test('any bytes are read or refused with a DerError', () => {
  const walk = (bytes: Uint8Array): void => {
    try {
      for (const child of childrenOf(readDer(bytes))) walk(child.whole)
    } catch (error) {
      expect(error).toBeInstanceOf(DerError)
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), walk))
  expect(() => readDer(Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff))).toThrow(DerError)
  expect(() => readDer(Uint8Array.of(0x30, 0x80, 0, 0))).toThrow(DerError)
})
