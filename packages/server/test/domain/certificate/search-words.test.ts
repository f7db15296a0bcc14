import { expect, test } from 'vitest'
import { isPlainText, suffixesOfDomain, wordsOfName } from '../../../src/domain/certificate/search-words.ts'

test('a word is found from each of its beginnings to the end of the name', () => {
  expect(wordsOfName('shop-7.example')).toEqual(['shop-7.example', '7.example', 'example'])
  expect(wordsOfName('-- a')).toEqual(['-- a', 'a'])
  expect(wordsOfName('a')).toEqual(['a'])
  expect(wordsOfName('')).toEqual([])
})

test('a domain is found by itself and its parents, not by its last label alone', () => {
  expect(suffixesOfDomain('a.b.example')).toEqual(['a.b.example', 'b.example'])
  expect(suffixesOfDomain('*.example')).toEqual(['*.example'])
  expect(suffixesOfDomain('localhost')).toEqual(['localhost'])
  expect(suffixesOfDomain('a..b.')).toEqual(['a..b.', '.b.', 'b.'])
})

test('only what every collation leaves as it is is plain', () => {
  const plain = ['', 'shop (1)', 'a{|}~`_^', '*.example.com']
  const others = ['Shop', 'shöp', '商店', 'a\u007fb', 'a\tb']
  expect([...plain, ...others].filter(isPlainText)).toEqual(plain)
})
