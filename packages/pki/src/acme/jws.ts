/**
 * Signed requests (RFC 8555 §6.2, RFC 7515 flattened JSON), signed with ES256 by node:crypto: one signature for every request.
 *
 * @module
 */
import { createHash, createHmac, createPrivateKey, generateKeyPair, sign } from 'node:crypto'
import type { JsonWebKey, KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

/** The private half of an account key as JWK (RFC 7517), P-256. It is a secret. */
export interface AccountJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly d: string
}

export type PublicJwk = Omit<AccountJwk, 'd'>

export interface AccountKey {
  readonly keyObject: KeyObject
  readonly publicJwk: PublicJwk
  /** RFC 7638, base64url: the second half of every key authorization. */
  readonly thumbprint: string
}

export interface JwsHeader {
  readonly url: string
  readonly nonce: string
  /** The account's URL; null to send the public key instead (newAccount). */
  readonly kid: string | null
}

const generate = promisify(generateKeyPair)

export async function generateAccountJwk(): Promise<AccountJwk> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' })
  const { x = '', y = '', d = '' } = privateKey.export({ format: 'jwk' })
  return { kty: 'EC', crv: 'P-256', x, y, d }
}

/** @throws TypeError when the JWK is not a P-256 private key */
export function loadAccountKey(jwk: AccountJwk): AccountKey {
  const keyObject = createPrivateKey({ key: { ...jwk } satisfies JsonWebKey, format: 'jwk' })
  const { kty, crv, x, y } = jwk
  if (kty !== 'EC' || crv !== 'P-256') throw new TypeError('An account key must be a P-256 key.')
  // RFC 7638 §3: the required members in the order of their names, without blanks.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  return { keyObject, publicJwk: { kty, crv, x, y }, thumbprint }
}

/** @param payload null for POST-as-GET (RFC 8555 §6.3), whose payload is the empty string */
export function signJws(key: AccountKey, { url, nonce, kid }: JwsHeader, payload: unknown): string {
  const identity = kid === null ? { jwk: key.publicJwk } : { kid }
  const encodedHeader = toBase64Url(JSON.stringify({ alg: 'ES256', ...identity, nonce, url }))
  const encodedPayload = payload === null ? '' : toBase64Url(JSON.stringify(payload))
  const signature = sign('sha256', Buffer.from(`${encodedHeader}.${encodedPayload}`), {
    key: key.keyObject,
    dsaEncoding: 'ieee-p1363',
  })
  return flattened(encodedHeader, encodedPayload, signature.toString('base64url'))
}

/** External account binding (RFC 8555 §7.3.4): the CA's HMAC key signs our public key. Given as an object, as newAccount wants it. */
export function signExternalAccountBinding(
  binding: { readonly keyId: string; readonly hmacKey: string },
  publicJwk: PublicJwk,
  newAccountUrl: string,
): unknown {
  const encodedHeader = toBase64Url(JSON.stringify({ alg: 'HS256', kid: binding.keyId, url: newAccountUrl }))
  const encodedPayload = toBase64Url(JSON.stringify(publicJwk))
  // Node reads both base64 alphabets, and CAs hand out both.
  const hmacKey = Buffer.from(binding.hmacKey, 'base64url')
  const signature = createHmac('sha256', hmacKey).update(`${encodedHeader}.${encodedPayload}`).digest('base64url')
  return { protected: encodedHeader, payload: encodedPayload, signature }
}

function flattened(encodedHeader: string, payload: string, signature: string): string {
  return JSON.stringify({ protected: encodedHeader, payload, signature })
}

function toBase64Url(text: string): string {
  return Buffer.from(text).toString('base64url')
}
