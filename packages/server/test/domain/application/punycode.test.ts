import fc from 'fast-check'
import { domainToASCII } from 'node:url'
import { describe, expect, test } from 'vitest'
import { decodePunycode } from '../../../src/domain/application/punycode.ts'

describe('decodePunycode', () => {
  // RFC 3492 §7.1, in lower case as host names are.
  test.each([
    ['Arabic (Egyptian)', 'egbpdaj6bu4bxfgehfvwxn', 'ليهمابتكلموشعربي؟'],
    ['Chinese (simplified)', 'ihqwcrb4cv8a8dqg056pqjye', '他们为什么不说中文'],
    ['Chinese (traditional)', 'ihqwctvzc91f659drss3x8bo0yb', '他們爲什麽不說中文'],
    ['Czech', 'proprostnemluvesky-uyb24dma41a', 'pročprostěnemluvíčesky'],
    ['Hebrew', '4dbcagdahymbxekheh6e0a7fei0b', 'למההםפשוטלאמדבריםעברית'],
    ['Hindi', 'i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd', 'यहलोगहिन्दीक्योंनहींबोलसकतेहैं'],
    ['Japanese', 'n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa', 'なぜみんな日本語を話してくれないのか'],
    ['Vietnamese', 'tisaohkhngthchnitingvit-kjcr8268qyxafd2f1b9g', 'tạisaohọkhôngthểchỉnóitiếngviệt'],
    ['digits', '3b-ww4c5e180e575a65lsy2b', '3年b組金八先生'],
    ['hyphens', '-with-super-monkeys-pc58ag80a8qai00g7n9n', '安室奈美恵-with-super-monkeys'],
    ['ASCII alone', 'abc-', 'abc'],
    ['nothing', '', ''],
  ])('RFC 3492 §7.1 %s', (_language, encoded, expected) => {
    expect(decodePunycode(encoded)).toBe(expected)
  })

  test.each(['9', 'a-!', 'kva.', '99999999999999999999', 'a-é', '\u0080'])('%s is not Punycode', (encoded) => {
    expect(() => decodePunycode(encoded)).toThrow(RangeError)
  })

  test('is the inverse of the encoder of the platform', () => {
    const letters = fc.array(fc.constantFrom(...Array.from('abcäöüß中文日本語ひらпример한국ελλ')), {
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(
        letters.map((characters) => characters.join('').normalize('NFC')),
        (label) => {
          const ascii = domainToASCII(label)
          const back = ascii.startsWith('xn--') ? decodePunycode(ascii.slice('xn--'.length)) : ascii
          expect(back).toBe(label)
        },
      ),
    )
  })

  test('never hangs and throws nothing but RangeError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('abcxyz019-')), maxLength: 60 }), (encoded) => {
        try {
          decodePunycode(encoded)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
    )
  })
})
