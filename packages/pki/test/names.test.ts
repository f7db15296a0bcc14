import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nameMatches } from '../src/index.ts'

const label = fc.stringMatching(/^[a-z0-9]{1,10}$/)

test.each([
  [['example.com'], 'example.com', true],
  [['Example.COM'], 'eXample.com.', true],
  [['*.example.com'], 'a.example.com', true],
  [['*.example.com'], 'example.com', false],
  [['*.example.com'], 'a.b.example.com', false],
  [['*.example.com'], '.example.com', false],
  [['w*.example.com'], 'www.example.com', false],
  [['a.*.com'], 'a.b.com', false],
  [['*'], 'localhost', false],
  [['*.0.0.1'], '127.0.0.1', false],
  [['127.0.0.1'], '127.0.0.1', true],
  [['other.example', 'example.com'], 'example.com', true],
  [[], 'example.com', false],
  [[''], '', false],
])('%j covers %s: %s', (names, host, expected) => {
  expect(nameMatches(names, host)).toBe(expected)
})

test('a wildcard covers one label exactly', () => {
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (left) => {
      expect(nameMatches(['*.example.com'], `${left.join('.')}.example.com`)).toBe(left.length === 1)
    }),
  )
})
