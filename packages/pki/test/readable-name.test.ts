import { expect, it } from 'vitest'
import { readableName } from '../src/readable-name.ts'

it.each([
  ["C=US, O=Let's Encrypt, CN=R3", "CN=R3, O=Let's Encrypt, C=US"],
  [String.raw`C=US, O=Example\, Inc., CN=R3`, 'CN=R3, O=Example, Inc., C=US'],
  [String.raw`CN=a\=b`, 'CN=a=b'],
  [String.raw`O=back\\slash, CN=two\\\\`, String.raw`CN=two\\, O=back\slash`],
  [String.raw`O=ends with one\\, CN=next`, String.raw`CN=next, O=ends with one\ `.trim()],
  [String.raw`CN=comma\,space\, and more`, 'CN=comma,space, and more'],
  ['O=a,b, CN=c', 'CN=c, O=a,b'],
  [String.raw`CN=\0A`, String.raw`CN=\0A`],
  ['', ''],
])('%s is shown as %s', (name, shown) => {
  expect(readableName(name)).toBe(shown)
})
