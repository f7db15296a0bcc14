import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { jwkThumbprint, signStatement, verifyStatement, type PublicJwk } from '../src/index.ts'

const TYPE = 'test+jws'

function aKey(): {
  readonly id: string
  readonly privateKey: ReturnType<typeof generateKeyPairSync>['privateKey']
  readonly jwk: PublicJwk
} {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { kty = '', crv = '', x = '' } = publicKey.export({ format: 'jwk' })
  const jwk = { kty, crv, x }
  return { id: jwkThumbprint(jwk), privateKey, jwk }
}

const key = aKey()
const payload = { sha256: 'ab'.repeat(32), names: ['例子.中国'] }
const jws = signStatement(payload, key, TYPE)

describe('a signed statement', () => {
  test('gives back what was signed', () => {
    expect(verifyStatement(jws, [aKey().jwk, key.jwk], TYPE)).toEqual(payload)
  })

  test('is refused when any character is another, missing or added', () => {
    for (let at = 0; at < jws.length; at++) {
      for (const other of ['A', 'B', '.', '=', ' ']) {
        const altered = jws.slice(0, at) + other + jws.slice(at + 1)
        if (altered === jws) continue
        expect(() => verifyStatement(altered, [key.jwk], TYPE), `${other} at ${at}`).toThrow(/Checking the statement/)
      }
      expect(() => verifyStatement(jws.slice(0, at) + jws.slice(at + 1), [key.jwk], TYPE), `without ${at}`).toThrow(/Checking/)
    }
    for (const more of [`${jws}A`, `${jws}=`, `${jws}.`, ` ${jws}`])
      expect(() => verifyStatement(more, [key.jwk], TYPE)).toThrow(/Checking/)
  })

  test('is refused with other keys, as another type, and without a signature', () => {
    expect(() => verifyStatement(jws, [aKey().jwk], TYPE)).toThrow(/not among those/)
    expect(() => verifyStatement(jws, [key.jwk], 'other+jws')).toThrow(/header/)
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid: key.id, typ: TYPE })).toString('base64url')
    expect(() => verifyStatement(`${none}.${jws.split('.')[1]}.`, [key.jwk], TYPE)).toThrow(/header/)
  })

  test('names its key as RFC 8037 Appendix A.3 does', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
    expect(jwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x })).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })
})
