/**
 * A CA inside the process that checks every request with another JOSE implementation and answers what a test tells it, wrapped in
 * fields, types and links that nobody knows.
 *
 * @module
 */
import { flattenedVerify, importJWK } from 'jose'
import type { FlattenedJWSInput, JWK } from 'jose'
import { createAcmeClient, generateAccountJwk, loadAccountKey, registerAccount } from '../../src/acme/index.ts'
import type { AcmeAccount, AcmeClient, AcmeTransport } from '../../src/acme/index.ts'

export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object gets unknown fields added; a string is sent as it is. */
  readonly body?: unknown
}

export interface StrangeCa {
  readonly client: AcmeClient
  readonly account: AcmeAccount
  /** Paths asked, in order. */
  readonly asked: string[]
  /** Payload of the last POST to the path; undefined for POST-as-GET. */
  payloadOf(path: string): unknown
  /** What the CA found wrong with requests; must stay empty. */
  readonly faults: string[]
}

export const BASE = 'https://ca.example'
const NOW = Date.UTC(2026, 10, 23)

/** @param answers by path; a function is asked each time */
export async function createStrangeCa(
  answers: Readonly<Record<string, Answer | (() => Answer)>>,
  options: { readonly refuseNonces?: () => boolean } = {},
): Promise<StrangeCa> {
  const asked: string[] = []
  const faults: string[] = []
  const payloads = new Map<string, unknown>()
  const known = new Set<string>()
  let counter = 0
  const newNonce = (): string => {
    const nonce = `nonce-${++counter}`
    known.add(nonce)
    return nonce
  }
  const standard: Record<string, Answer> = {
    '/dir': {
      body: { newNonce: `${BASE}/nonce`, newAccount: `${BASE}/account`, newOrder: `${BASE}/order`, revokeCert: `${BASE}/revoke` },
    },
    '/nonce': { body: '' },
    '/account': { status: 201, headers: { location: '/account/1' }, body: { status: 'valid' } },
  }
  let publicJwk: JWK = {}
  const check = async (url: string, jws: FlattenedJWSInput): Promise<boolean> => {
    const header = JSON.parse(Buffer.from(jws.protected ?? '', 'base64url').toString()) as Record<string, unknown>
    if (header['jwk']) publicJwk = header['jwk'] as JWK
    if ((header['jwk'] === undefined) === (header['kid'] === undefined)) faults.push('neither or both of jwk and kid')
    if (header['url'] !== url) faults.push(`signed for ${String(header['url'])}, sent to ${url}`)
    if (!known.delete(String(header['nonce']))) faults.push(`nonce ${String(header['nonce'])} unknown or used before`)
    const { payload } = await flattenedVerify(jws, await importJWK(publicJwk, 'ES256'))
    const text = Buffer.from(payload).toString()
    payloads.set(new URL(url).pathname, text === '' ? undefined : (JSON.parse(text) as unknown))
    return options.refuseNonces?.() ?? false
  }
  const transport: AcmeTransport = async (url, { method, headers, body }) => {
    const { pathname } = new URL(url)
    asked.push(pathname)
    if (!headers['user-agent']) faults.push('no User-Agent (RFC 8555 §6.1)')
    if (method === 'POST') {
      if (headers['content-type'] !== 'application/jose+json') faults.push(`content type ${headers['content-type']}`)
      if (await check(url, JSON.parse(body ?? '') as FlattenedJWSInput)) return respond(badNonce(), newNonce())
    }
    const answer = answers[pathname] ?? standard[pathname] ?? { status: 404, body: '<html>not here</html>' }
    return respond(typeof answer === 'function' ? answer() : answer, newNonce())
  }
  const client = createAcmeClient({ directoryUrl: `${BASE}/dir`, transport, now: () => NOW })
  const account = await registerAccount(client, loadAccountKey(await generateAccountJwk()))
  return { client, account, asked, faults, payloadOf: (path) => payloads.get(path) }
}

function badNonce(): Answer {
  return { status: 400, body: { type: 'urn:ietf:params:acme:error:badNonce', detail: 'no' } }
}

function respond({ status = 200, headers = {}, body = {} }: Answer, nonce: string) {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
  const junk = { 'x-unknown': { deep: [null, 1, 'two'] }, meta2: null, '@context': 'https://example.com/ns' }
  const text = typeof body === 'string' ? body : JSON.stringify(isObject ? { ...junk, ...body } : body)
  return {
    status,
    headers: { 'replay-nonce': nonce, link: '<https://ca.example/dir>;rel="index", <garbage', ...headers },
    body: new TextEncoder().encode(text),
  }
}
