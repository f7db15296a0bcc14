import { expect, test } from 'vitest'
import { parseAddress } from '../src/parse-address.ts'
import { CliFailure } from '../src/failure.ts'

test.each([
  ['shop.example', 'shop.example', null],
  ['192.0.2.1:8443', '192.0.2.1', 8443],
  ['[2001:db8::1]:443', '2001:db8::1', 443],
  ['[::1]', '::1', null],
])('%s is %s, port %s', (text, host, port) => {
  expect(parseAddress('--probe', text)).toEqual({ host, port })
})

test.each(['', ':443', 'a:0', 'a:65536', '2001:db8::1', 'a b:1', 'a:x'])('"%s" is refused', (text) => {
  expect(() => parseAddress('--probe', text)).toThrow(CliFailure)
})
