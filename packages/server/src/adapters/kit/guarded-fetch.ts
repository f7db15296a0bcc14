/**
 * The one way out: every URL that comes from users, CAs or certificates is fetched here. See `ports/kit.ts` for the promises.
 *
 * @module
 */
import type { Dispatcher } from 'undici'
import ipaddr from 'ipaddr.js'
import { AppError } from '../../domain/errors.ts'
import type { GuardedFetch, GuardedRequest, GuardedResponse, Resolver } from '../../ports/kit.ts'
import { createAddressGuard, type AddressGuard } from './address-guard.ts'
import { createConnectionPools, type ConnectionPools } from './connection-pools.ts'

export interface GuardedFetchOptions {
  /** Ranges in CIDR notation that are allowed besides public addresses (`EVERCERT_ALLOW_ADDRESSES`). */
  readonly allow: readonly string[]
  readonly resolver: Resolver
  /** For one call: look-up, redirects and body together. Default 30 s. */
  readonly defaultTimeoutMs?: number
  /** Of a response's body. Default 1 MiB. */
  readonly defaultMaxBytes?: number
  readonly userAgent?: string
}

/** A guarded fetch that owns connections. */
export interface OwnedGuardedFetch extends GuardedFetch {
  /** Ends all connections; requests in flight fail. */
  close(): Promise<void>
}

interface Context {
  readonly resolver: Resolver
  readonly refusalOf: AddressGuard
  readonly pools: ConnectionPools
  readonly userAgent: string
}

interface Hop {
  readonly url: URL
  readonly request: GuardedRequest
  readonly maxBytes: number
  readonly signal: AbortSignal
}

const DEFAULT_TIMEOUT_MS = 30_000
const DEFAULT_MAX_BYTES = 1024 * 1024
const REDIRECTS = new Set([301, 302, 303, 307, 308])
// A kept-alive connection that the server closed while we used it.
const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])
/** What they do must not happen twice, nor at another place. */
const SENDS = new Set(['POST', 'PUT'])
const NOT_FORWARDED = new Set(['authorization', 'cookie', 'proxy-authorization'])

/** @throws AppError `misconfigured` when a range of `allow` cannot be read */
export function createGuardedFetch(options: GuardedFetchOptions): OwnedGuardedFetch {
  const { defaultTimeoutMs = DEFAULT_TIMEOUT_MS, defaultMaxBytes = DEFAULT_MAX_BYTES } = options
  const pools = createConnectionPools()
  const context: Context = {
    resolver: options.resolver,
    refusalOf: createAddressGuard(options.allow),
    pools,
    userAgent: options.userAgent ?? 'evercert',
  }
  const fetch: GuardedFetch = async (rawUrl, request = {}) => {
    const timeoutMs = request.timeoutMs ?? defaultTimeoutMs
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout
    const url = parseUrl(rawUrl)
    try {
      return await follow(context, { url, request, maxBytes: request.maxBytes ?? defaultMaxBytes, signal })
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason
      if (timeout.aborted) throw timedOut(url, timeoutMs, error)
      throw error instanceof AppError ? error : unavailable(url, error)
    }
  }
  return Object.assign(fetch, { close: () => pools.close() })
}

async function follow(context: Context, hop: Hop): Promise<GuardedResponse> {
  const response = await exchange(context, hop)
  const location = response.headers['location']
  const budget = hop.request.maxRedirects ?? 0
  const method = hop.request.method ?? 'GET'
  const isFollowed = budget > 0 && location !== undefined && REDIRECTS.has(response.status) && !SENDS.has(method)
  if (!isFollowed) return response
  const url = parseUrl(location, hop.url)
  return follow(context, { ...hop, url, request: { ...hop.request, headers: forwarded(hop, url), maxRedirects: budget - 1 } })
}

async function exchange(context: Context, hop: Hop): Promise<GuardedResponse> {
  hop.signal.throwIfAborted()
  const addresses = await checkedAddresses(context, hop)
  let failure: unknown
  for (const address of addresses) {
    try {
      return await readResponse(hop, address, await send(context, hop, address))
    } catch (error) {
      if (!neverConnected(error)) throw error
      failure = error
    }
  }
  throw failure
}

/** The addresses of the host, resolved once. One that is not allowed refuses them all: a mixed answer is an attack or a mistake. */
async function checkedAddresses(context: Context, { url, signal }: Hop): Promise<readonly string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isLiteral = ipaddr.isValid(host)
  const addresses = isLiteral ? [host] : await abortable(context.resolver.resolveAddresses(host), signal)
  if (addresses.length === 0) {
    throw new AppError(
      'upstreamUnavailable',
      `Fetching ${shown(url)}: the name ${host} has no address: check the name and its DNS`,
    )
  }
  for (const address of addresses) {
    const refusal = context.refusalOf(address)
    if (refusal !== null) throw forbidden(url, host, address, refusal)
  }
  return addresses
}

async function send(context: Context, hop: Hop, address: string, isRetry = false): Promise<Dispatcher.ResponseData> {
  const { url, request, signal } = hop
  const trust = { caPem: request.caPem ?? null, ignoreCertificate: request.ignoreCertificate ?? false }
  const method = request.method ?? 'GET'
  try {
    return await context.pools.lend(url.origin, address, trust).request({
      method,
      path: url.pathname + url.search,
      // Identity only: nothing here unpacks, so that a small body cannot become a large one.
      headers: { 'user-agent': context.userAgent, 'accept-encoding': 'identity', ...lowerCased(request.headers) },
      body: request.body ?? null,
      signal,
    })
  } catch (error) {
    if (isRetry || SENDS.has(method) || !BROKEN.has(codeOf(error))) throw error
    return send(context, hop, address, true)
  }
}

async function readResponse(hop: Hop, address: string, response: Dispatcher.ResponseData): Promise<GuardedResponse> {
  const headers = flat(response.headers)
  const declared = Number(headers['content-length'] ?? 0)
  const method = hop.request.method ?? 'GET'
  if (method !== 'HEAD' && declared > hop.maxBytes) {
    response.body.on('error', () => undefined).destroy() // it ends in an abort error that nobody waits for
    throw tooLong(hop)
  }
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > hop.maxBytes) throw tooLong(hop) // leaving the loop destroys the stream and its connection
    chunks.push(chunk)
  }
  return { status: response.statusCode, headers, body: new Uint8Array(Buffer.concat(chunks)), address }
}

function parseUrl(rawUrl: string, base?: URL): URL {
  if (!URL.canParse(rawUrl, base?.href))
    throw new AppError('invalid', `Fetching "${rawUrl.slice(0, 200)}": not a URL: write https://host/path`)
  const url = new URL(rawUrl, base?.href)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new AppError('addressForbidden', `Fetching a ${url.protocol} URL: only http and https are allowed: use an https URL`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new AppError(
      'addressForbidden',
      `Fetching ${shown(url)}: the URL holds a user name or password: remove them from the URL`,
    )
  }
  return url
}

/** Credentials stay with the origin that they were meant for. */
function forwarded(hop: Hop, next: URL): Readonly<Record<string, string>> {
  const headers = Object.entries(lowerCased(hop.request.headers))
  return Object.fromEntries(next.origin === hop.url.origin ? headers : headers.filter(([name]) => !NOT_FORWARDED.has(name)))
}

function lowerCased(headers: GuardedRequest['headers'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function flat(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined)
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]))
}

async function abortable<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** The request was never sent: the next address may be tried, whatever the method. */
function neverConnected(error: unknown): boolean {
  return (
    codeOf(error) === 'UND_ERR_CONNECT_TIMEOUT' || (error instanceof Error && 'syscall' in error && error.syscall === 'connect')
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Without query, which may carry a token. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

function forbidden(url: URL, host: string, address: string, refusal: string): AppError {
  const what = host === address ? `the address is ${refusal}` : `${host} leads to ${address}, which is ${refusal}`
  return new AppError(
    'addressForbidden',
    `Fetching ${shown(url)}: ${what}: allow the range with EVERCERT_ALLOW_ADDRESSES if this is meant`,
  )
}

function tooLong({ url, maxBytes }: Hop): AppError {
  return new AppError(
    'upstreamUnavailable',
    `Fetching ${shown(url)}: the answer is longer than ${maxBytes} bytes: check the URL`,
    {
      facts: { maxBytes },
    },
  )
}

function timedOut(url: URL, timeoutMs: number, cause: unknown): AppError {
  return new AppError(
    'timedOut',
    `Fetching ${shown(url)}: no complete answer within ${timeoutMs / 1000} s: it is tried again later`,
    { cause },
  )
}

function unavailable(url: URL, cause: unknown): AppError {
  const what = cause instanceof Error ? [codeOf(cause), cause.message].filter((text) => text !== '').join(', ') : 'unknown error'
  return new AppError(
    'upstreamUnavailable',
    `Fetching ${shown(url)}: ${what}: check that the other side is up and its certificate trusted`,
    {
      cause,
    },
  )
}
