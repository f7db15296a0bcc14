/**
 * Signed statements as compact JWS (RFC 7515) with Ed25519 (RFC 8037), and their verification with nothing but the public keys.
 *
 * @module
 */
import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto'
import { PkiError } from './errors.ts'

/** A public Ed25519 key as JWK (RFC 8037 §2). */
export interface PublicJwk {
  readonly kty: string
  readonly crv: string
  /** Base64url of the 32 bytes. */
  readonly x: string
  readonly kid?: string
}

/** The key's thumbprint (RFC 7638 §3), by which it is named. */
export function jwkThumbprint({ crv, kty, x }: PublicJwk): string {
  return hash('sha256', JSON.stringify({ crv, kty, x }), 'base64url')
}

/** @param payload JSON of it is signed, as it is */
export function signStatement(
  payload: unknown,
  key: { readonly id: string; readonly privateKey: KeyObject },
  type: string,
): string {
  const signed = `${encode({ alg: 'EdDSA', kid: key.id, typ: type })}.${encode(payload)}`
  return `${signed}.${sign(null, Buffer.from(signed), key.privateKey).toString('base64url')}`
}

/**
 * The payload of a statement, when one of the keys signed exactly these bytes.
 *
 * @throws PkiError `badSignature`: not a compact JWS of this type, no such key, or altered anywhere
 */
export function verifyStatement(jws: string, keys: readonly PublicJwk[], type: string): unknown {
  const parts = jws.split('.')
  const [header, payload, signature] = parts.map(decodeExactly)
  if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
    throw bad('it is no compact JWS')
  }
  const { alg, kid, typ, crit } = parseObject(header)
  if (alg !== 'EdDSA' || typ !== type || crit !== undefined) throw bad('its header is not that of such a statement')
  const jwk = keys.find((key) => jwkThumbprint(key) === kid)
  if (jwk === undefined) throw bad('it is signed with a key that is not among those given')
  const signed = Buffer.from(jws.slice(0, jws.lastIndexOf('.')))
  if (!verify(null, signed, toPublicKey(jwk), signature)) throw bad('its signature is wrong: it was altered')
  return parseObject(payload)
}

function toPublicKey({ kty, crv, x }: PublicJwk): KeyObject {
  try {
    return createPublicKey({ key: { kty, crv, x }, format: 'jwk' })
  } catch (cause) {
    throw new PkiError('badSignature', 'Checking the statement: the key that should have signed it is no Ed25519 key.', { cause })
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Refuses other spellings of the same bytes, which a lenient decoder would take: any changed character is found. */
function decodeExactly(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url')
  if (bytes.toString('base64url') !== part) throw bad('it holds characters that do not belong there')
  return bytes
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // told below
  }
  throw bad('it holds no JSON object')
}

function bad(what: string): PkiError {
  return new PkiError('badSignature', `Checking the statement: ${what}.`)
}
