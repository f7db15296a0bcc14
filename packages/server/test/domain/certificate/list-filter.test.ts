import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parseTags, toAsciiDomain, toListFilter } from '../../../src/domain/certificate/list-filter.ts'
import { AppError } from '../../../src/domain/errors.ts'

describe('domains', () => {
  it.each([
    ['Shop.Example.COM', 'shop.example.com'],
    ['example.com.', 'example.com'],
    [' 商店.example.com ', 'xn--czrs0t.example.com'],
    ['xn--czrs0t.example.com', 'xn--czrs0t.example.com'],
    ['*.商店.example.com', '*.xn--czrs0t.example.com'],
    ['商店。example。com', 'xn--czrs0t.example.com'],
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['under_score.example', 'under_score.example'],
    ['北京 商店', '北京 商店'],
    ['商店:443', '商店:443'],
  ])('%s is looked up as %s', (entered, expected) => {
    expect(toAsciiDomain(entered)).toBe(expected)
  })

  test('looking up what was found changes nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string({ unit: 'grapheme' })), (entered) => {
        const once = toAsciiDomain(entered)
        fc.pre(!once.endsWith('.'))
        expect(toAsciiDomain(once)).toBe(once.trim())
      }),
    )
  })
})

describe('hex', () => {
  it.each([
    ['AB:CD:0F', 'abcd0f'],
    ['ab cd 0f', 'abcd0f'],
    ['ABCD0F', 'abcd0f'],
  ])('%s is looked up as %s', (entered, expected) => {
    expect(toListFilter({ fingerprint: entered }).sha256).toBe(expected)
    expect(toListFilter({ serial: entered }).serial).toBe(expected)
  })

  it.each(['xyz', ':', 'ab-cd', 'ab%'])('%s is refused', (entered) => {
    for (const query of [{ fingerprint: entered }, { serial: entered }]) {
      expect(() => toListFilter(query)).toThrow(AppError)
    }
  })
})

describe('searching', () => {
  it.each([
    ['Shop', ['shop'], null],
    ['商店', ['商店', 'xn--czrs0t'], null],
    ['shop.', ['shop.'], null], // the end of a part: shops.example.com is not meant
    ['cafe', ['cafe'], null], // too short for a fingerprint
    ['DE:AD:BE:EF', ['de:ad:be:ef'], 'deadbeef'],
  ])('%s means words and perhaps a number', (search, words, hex) => {
    expect(toListFilter({ search }).search).toEqual({ words, hex, id: search })
  })

  it('nothing entered searches nothing', () => {
    expect(toListFilter({ search: '  ' }).search).toBeNull()
    expect(toListFilter({}).search).toBeNull()
  })
})

test('tags are compared in lower case, each once', () => {
  expect(parseTags(' Prod, web ,,PROD')).toEqual(['prod', 'web'])
  expect(parseTags(undefined)).toEqual([])
})
