/**
 * Requests to one CA: the directory, nonces and signatures. What is asked stands in the files beside this one.
 *
 * There are no timers and no polling here: each call is one step, and the caller comes back with the URLs that it stored.
 *
 * @module
 */
import { readDirectory } from './directory.ts'
import type { Directory } from './directory.ts'
import { retryAfterSeconds } from './headers.ts'
import { signJws } from './jws.ts'
import type { AccountKey } from './jws.ts'
import { createNoncePool } from './nonce.ts'
import { AcmeProblem, invalidResponse, problemOfResponse } from './problem.ts'
import type { AcmeRequest, AcmeResponse, AcmeTransport } from './transport.ts'

export interface AcmeClientOptions {
  readonly directoryUrl: string
  readonly transport: AcmeTransport
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Who signs a request: with `url` null the public key is sent instead of the account (newAccount). */
interface Signer {
  readonly key: AccountKey
  readonly url: string | null
}

/** An account that the CA knows. */
export interface AcmeAccount extends Signer {
  readonly url: string
}

export interface AcmeClient {
  /** Fetched once an hour at most. @throws AcmeProblem, and what the transport throws */
  directory(): Promise<Directory>
  /**
   * A signed POST; `payload` null is POST-as-GET (RFC 8555 §6.3). Refused nonces are replaced and the request signed anew.
   *
   * @throws AcmeProblem for every status from 300, `invalidResponse` for answers over 256 KiB; what the transport throws
   */
  post(signer: Signer, url: string, payload: unknown): Promise<AcmeResponse>
  /** An unsigned GET, for what needs no account. @throws as `post` */
  get(url: string): Promise<AcmeResponse>
  /** Seconds that the response asks to wait; null when it asks nothing. */
  retryAfterSeconds(response: AcmeResponse): number | null
}

/** A chain of 20 certificates or an order of 100 names is a fraction of it. */
const MAX_RESPONSE_BYTES = 256 * 1024
/** The directory of a CA changes with its software; after an hour it is read again. */
const DIRECTORY_LIFE_MS = 3_600_000
/**
 * At a CA that refuses 90 % of good nonces, 200 tries fail once in a thousand million requests. A CA that refuses all of them is
 * broken, and saying so after 200 short requests is soon enough.
 */
const MAX_NONCE_TRIES = 200

export function createAcmeClient(options: AcmeClientOptions): AcmeClient {
  const { transport, now } = options
  let cached: { readonly promise: Promise<Directory>; readonly until: number } | null = null

  const send = async (url: string, request: AcmeRequest): Promise<AcmeResponse> => {
    const response = await transport(url, { ...request, headers: { 'user-agent': 'evercert (RFC 8555)', ...request.headers } })
    if (response.body.length <= MAX_RESPONSE_BYTES) return response
    throw invalidResponse(`it is longer than ${MAX_RESPONSE_BYTES} bytes`, response.status)
  }
  const refusalOf = (response: AcmeResponse): AcmeProblem | null =>
    response.status >= 200 && response.status < 300
      ? null
      : problemOfResponse(response, retryAfterSeconds(response.headers['retry-after'], now()))
  const get = async (method: 'GET' | 'HEAD', url: string): Promise<AcmeResponse> => {
    const response = await send(url, { method, headers: {}, body: null })
    const refusal = refusalOf(response)
    if (refusal) throw refusal
    return response
  }
  const nonces = createNoncePool(async () => {
    const response = await get('HEAD', (await directory()).newNonce)
    const nonce = response.headers['replay-nonce']
    if (!nonce) throw invalidResponse('newNonce gave no nonce', response.status)
    return nonce
  })
  const directory = (): Promise<Directory> => {
    if (cached && now() < cached.until) return cached.promise
    const promise = get('GET', options.directoryUrl).then((response) => readDirectory(response, options.directoryUrl))
    const entry = { promise, until: now() + DIRECTORY_LIFE_MS }
    cached = entry
    promise.catch(() => {
      // A failed answer is not kept: the next call asks again.
      if (cached === entry) cached = null
    })
    return promise
  }

  return {
    directory,
    get: (url) => get('GET', url),
    retryAfterSeconds: (response) => retryAfterSeconds(response.headers['retry-after'], now()),
    post: async (signer, url, payload) => {
      for (let tries = 0; tries < MAX_NONCE_TRIES; tries++) {
        const body = signJws(signer.key, { url, nonce: await nonces.take(), kid: signer.url }, payload)
        const response = await send(url, { method: 'POST', headers: { 'content-type': 'application/jose+json' }, body })
        // Refusals bring nonces too.
        nonces.give(response.headers['replay-nonce'])
        const refusal = refusalOf(response)
        if (!refusal) return response
        if (refusal.type !== 'badNonce') throw refusal
      }
      throw new AcmeProblem({ type: 'serverInternal', detail: `The CA refused ${MAX_NONCE_TRIES} nonces in a row.`, status: 400 })
    },
  }
}
