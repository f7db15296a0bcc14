import { calculateJwkThumbprint, compactVerify } from 'jose'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateAccountJwk, loadAccountKey } from '../src/acme/index.ts'
import { linksOf, retryAfterSeconds } from '../src/acme/headers.ts'
import { signExternalAccountBinding } from '../src/acme/jws.ts'

const NOW = Date.UTC(2026, 10, 23, 12, 0, 0)

describe('retryAfterSeconds', () => {
  test.each([
    ['5', 5],
    [' 5 ', 5],
    ['0', null],
    ['-1', null],
    ['1.5', null],
    ['soon', null],
    ['', null],
    [undefined, null],
    ['99999999999', null],
    ['9999999999', 30 * 86_400],
    ['Mon, 23 Nov 2026 12:00:10 GMT', 10],
    ['Mon, 23 Nov 2026 11:59:00 GMT', null],
  ])('%j is %j', (header, expected) => {
    expect(retryAfterSeconds(header, NOW)).toBe(expected)
  })

  test('is null or a positive whole number, whatever the header', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const seconds = retryAfterSeconds(header, NOW)
        expect(seconds === null || (Number.isInteger(seconds) && seconds > 0)).toBe(true)
      }),
    )
  })
})

describe('linksOf', () => {
  const base = 'https://ca.example/cert/1'
  test.each([
    ['<https://x/1>;rel="alternate"', ['https://x/1']],
    ['<https://x/1>; rel=alternate , </2>;rel="alternate next"', ['https://x/1', 'https://ca.example/2']],
    ['<https://x/,;>;title="a, <b>";rel="ALTERNATE"', ['https://x/,;']],
    ['<https://x/1>;rel="index"', []],
    ['<https://x/1', []],
    ['rel="alternate"', []],
    [undefined, []],
  ])('%j', (header, expected) => {
    expect(linksOf(header, 'alternate', base)).toEqual(expected)
  })

  test('reads any header in time', () => {
    expect(linksOf('<a>;'.repeat(20_000), 'alternate', base)).toEqual([])
    expect(linksOf(`<a>${';x="'.repeat(20_000)}`, 'alternate', base)).toEqual([])
  })
})

describe('account keys', () => {
  test('have the thumbprint that another implementation computes', async () => {
    const jwk = await generateAccountJwk()
    expect(loadAccountKey(jwk).thumbprint).toBe(await calculateJwkThumbprint({ ...jwk }))
  })

  test('are refused when they are no P-256 keys', async () => {
    const jwk = await generateAccountJwk()
    expect(() => loadAccountKey({ ...jwk, x: 'AAAA' })).toThrow(/JWK/)
  })

  test('are bound as RFC 8555 §7.3.4 says, with an HMAC key in either base64', async () => {
    const { publicJwk } = loadAccountKey(await generateAccountJwk())
    const secret = Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i))
    for (const encoding of ['base64', 'base64url'] as const) {
      const binding = { keyId: 'kid-1', hmacKey: secret.toString(encoding) }
      const jws = signExternalAccountBinding(binding, publicJwk, 'https://ca.example/account') as Record<string, string>
      const compact = `${jws['protected']}.${jws['payload']}.${jws['signature']}`
      const { payload, protectedHeader } = await compactVerify(compact, secret)
      expect(JSON.parse(Buffer.from(payload).toString())).toEqual(publicJwk)
      expect(protectedHeader).toEqual({ alg: 'HS256', kid: 'kid-1', url: 'https://ca.example/account' })
    }
  })
})
