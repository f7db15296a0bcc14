import { describe, expect, test } from 'vitest'
import { addressesOf, isWithin, parseRange, sizeOf } from '../../../src/domain/endpoint/address-range.ts'

const range = (text: string) => {
  const parsed = parseRange(text)
  if (parsed === null) throw new Error(`${text} is no range`)
  return parsed
}

describe('ranges', () => {
  test('have their addresses, without the host bits of how they were written', () => {
    expect(addressesOf(range('10.0.0.6/30'))).toEqual(['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.7'])
    expect(addressesOf(range('2001:db8::fffe/127'))).toEqual(['2001:db8::fffe', '2001:db8::ffff'])
    expect(addressesOf(range('::1/128'))).toEqual(['::1'])
    expect(sizeOf(range('0.0.0.0/0'))).toBe(2n ** 32n)
  })

  test.each(['10.0.0.0', '10.0.0/8', '10.0.0.256/24', '10.0.0.0/33', '1::2::3/64', '1:2:3/64', '::/129', 'a/8', ''])(
    '%j is none',
    (text) => {
      expect(parseRange(text)).toBeNull()
    },
  )

  test('are within others of the same family', () => {
    expect(isWithin(range('10.1.0.0/24'), range('10.0.0.0/8'))).toBe(true)
    expect(isWithin(range('10.0.0.0/8'), range('10.1.0.0/24'))).toBe(false)
    expect(isWithin(range('0.0.0.1/32'), range('::/0'))).toBe(false)
  })
})
