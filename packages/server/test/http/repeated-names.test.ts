import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findRepeatedName } from '../../src/http/repeated-names.ts'

test.each([
  ['{"a":1,"a":1}', 'a'],
  ['{"a":{"b":1},"b":2,"a":3}', 'a'],
  ['[{"a":1},{"a":2,"b":[{"c":1,"c":2}]}]', 'c'],
  ['{"a\\"":1,"a\\u0022":2}', 'a"'],
  ['{"\\\\":1,"a":"\\\\","\\u005c":2}', '\\'],
  ['{"a":"{\\"b\\":1,\\"b\\":2}","b":": \\\\\\" :"}', null],
  ['{"a":1,"A":2}', null],
  ['[{"a":1},{"a":1}]', null],
  ['{"a":{"a":{"a":1}}}', null],
  ['', null],
  ['"', null],
  ['}:{:', null],
  ['{"\\x":1}', null],
  ['{"a":1,"a', null],
  [`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, null],
])('%s: %s', (text, name) => {
  expect(findRepeatedName(text)).toBe(name)
})

test('finds none in what has none, and the one that was put in, however it is indented', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.jsonValue(), fc.nat(3), (value, name, other, indent) => {
      const write = (part: unknown): string => JSON.stringify(part, null, indent)
      expect(findRepeatedName(write(value))).toBeNull()
      const twice = `{${write(name)} :${write(value)},"${name.length}-":[${write(other)}] , ${write(name)}:0}`
      expect(findRepeatedName(`[${write(other)},${twice}]`)).toBe(name)
    }),
  )
})
