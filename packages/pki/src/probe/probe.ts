/**
 * One TLS handshake with one address: what is served there, and would a client trust it? Whether it is the *right* certificate is
 * decided in `judge.ts`.
 *
 * @module
 */
import { isIP, type Socket } from 'node:net'
import { connect, type SecureContext, type TLSSocket } from 'node:tls'
import { toAscii } from './host-names.ts'
import {
  NOT_DER,
  type KeyKind,
  type Observation,
  type ProbeFailure,
  type ServedObservation,
  type SiteKeyKind,
} from './observation.ts'
import { readServedChain } from './served-chain.ts'
import { beginTls, PreludeRefused, type EndpointProtocol } from './starttls/index.ts'
import { trustContextsFor } from './trust.ts'

export interface ProbeRequest {
  /** An IP address; names are resolved before. */
  readonly address: string
  readonly port: number
  /** Sent as SNI; IDN in either form. An IP address is not sent (RFC 6066 §3). */
  readonly serverName: string
  /** Default `tls`. */
  readonly protocol?: EndpointProtocol
  /** For everything: connecting, the handshake, and a second one with an outdated server. */
  readonly timeoutMs: number
  /** Trusted besides Node's and the system's roots. Keep one array for each set: it is the key of a cache. */
  readonly trustedRootsPem?: readonly string[]
  /** Epoch milliseconds; recorded as `observedAt`. OpenSSL judges trust by the machine's clock. */
  readonly now: number
  readonly signal?: AbortSignal
}

/**
 * Makes a handshake and records what was sent. Any certificate is accepted for the look; no application data is exchanged.
 *
 * A server that knows nothing newer than TLS 1.1, or only weak keys, gets a second handshake with everything allowed.
 * The socket is closed in every case, at the latest a second after the outcome. Rejects only when a trusted root is not PEM: a failure
 * to connect is an observation.
 */
export async function probeAddress(request: ProbeRequest): Promise<Observation> {
  const contexts = trustContextsFor(request.trustedRootsPem)
  const startedAt = performance.now()
  const sni = serverNameToSend(request.serverName)
  if (sni === null) return toObservation(request, startedAt, failed('handshakeFailed', 'the server name cannot be sent as SNI'))
  let outcome = await shakeHands(request, sni, contexts.modern, request.timeoutMs)
  if (outcome.done === 'no' && OUTDATED_SERVER.test(outcome.code)) {
    const leftMs = request.timeoutMs - (performance.now() - startedAt)
    const second = leftMs > 0 ? await shakeHands(request, sni, contexts.legacy(), leftMs) : outcome
    if (second.done === 'yes') outcome = second
  }
  return toObservation(request, startedAt, outcome)
}

/**
 * The certificate that a server has besides, for clients that know only the other kind of key: a second handshake, limited by the
 * signature algorithms that it offers (RFC 8446 §4.2.3).
 *
 * @param first the key of the leaf that was seen already
 * @returns null when there is no other, or the second handshake did not succeed
 */
export async function probeOtherKey(request: ProbeRequest, first: KeyKind): Promise<ServedObservation | null> {
  const sni = serverNameToSend(request.serverName)
  if (sni === null || first === 'other') return null
  const wanted = first === 'rsa' ? 'ecdsa' : 'rsa'
  const startedAt = performance.now()
  const context = trustContextsFor(request.trustedRootsPem).only(wanted)
  const observation = toObservation(request, startedAt, await shakeHands(request, sni, context, request.timeoutMs))
  return observation.reachable && observation.chain[0].keyKind === wanted ? observation : null
}

/**
 * The certificate that a server has for clients that know one kind of key. Where it has none of that kind, what it serves at all.
 */
export async function probeOwnKey(request: ProbeRequest, wanted: SiteKeyKind): Promise<Observation> {
  const sni = serverNameToSend(request.serverName)
  if (sni === null) return probeAddress(request) // which says so
  const startedAt = performance.now()
  const context = trustContextsFor(request.trustedRootsPem).only(wanted)
  const own = toObservation(request, startedAt, await shakeHands(request, sni, context, request.timeoutMs))
  // A server that has no such certificate ends the handshake, with an alert or without.
  if (own.reachable || (own.failure !== 'handshakeFailed' && own.failure !== 'reset')) return own
  const leftMs = request.timeoutMs - (performance.now() - startedAt)
  return leftMs > 0 ? probeAddress({ ...request, timeoutMs: leftMs }) : own
}

type Served = Pick<
  Observation & { reachable: true },
  'chain' | 'tlsVersion' | 'cipher' | 'trusted' | 'trustError' | 'ocspResponse'
>
type Outcome =
  | ({ readonly done: 'yes' } & Served)
  | { readonly done: 'no'; readonly failure: ProbeFailure; readonly detail: string; readonly code: string }

function failed(failure: ProbeFailure, detail: string, code = ''): Outcome {
  return { done: 'no', failure, detail, code }
}

function toObservation(request: ProbeRequest, startedAt: number, outcome: Outcome): Observation {
  const { address, port, serverName, now } = request
  const elapsedMs = performance.now() - startedAt
  if (outcome.done === 'no') {
    const { failure, detail } = outcome
    return { reachable: false, address, port, serverName, observedAt: now, failure, detail, elapsedMs }
  }
  const { done: _, ...served } = outcome
  return { reachable: true, address, port, serverName, observedAt: now, ...served, handshakeMs: elapsedMs }
}

// A name that OpenSSL refuses must not get to it: the error stays in its queue and surfaces in *another* socket of the process.
const SENDABLE_NAME = /^[\x21-\x7e]{1,253}$/

function serverNameToSend(serverName: string): string | null {
  if (isIP(serverName) !== 0) return ''
  const ascii = toAscii(serverName)
  return SENDABLE_NAME.test(ascii) ? ascii : null
}

/** How long the server has to answer our closing alert; the outcome is known by then. */
const LINGER_MS = 1_000

/** Resolves when the handshake is done, failed or out of time; then the socket is being closed. */
async function shakeHands(
  request: ProbeRequest,
  servername: string,
  secureContext: SecureContext,
  timeoutMs: number,
): Promise<Outcome> {
  if (request.signal?.aborted === true) return CANCELLED
  const { protocol = 'tls' } = request
  if (protocol === 'tls') return handshakeOn(null, request, { servername, secureContext, timeoutMs })
  const startedAt = performance.now()
  try {
    const socket = await beginTls({ ...request, protocol, timeoutMs })
    const leftMs = Math.max(1, timeoutMs - (performance.now() - startedAt))
    return await handshakeOn(socket, request, { servername, secureContext, timeoutMs: leftMs })
  } catch (error) {
    if (error instanceof PreludeRefused) return failed(error.failure, error.message)
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ETIMEDOUT') return failed('timedOut', `no answer within ${Math.round(timeoutMs)} ms`)
    return code === 'ABORT_ERR' ? CANCELLED : readFailure(error as NodeJS.ErrnoException)
  }
}

interface Handshake {
  readonly servername: string
  readonly secureContext: SecureContext
  readonly timeoutMs: number
}

function handshakeOn(
  plain: Socket | null,
  request: ProbeRequest,
  { servername, secureContext, timeoutMs }: Handshake,
): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const place = plain === null ? { host: request.address, port: request.port } : { socket: plain }
  const socket = connect({
    ...place,
    servername,
    secureContext,
    rejectUnauthorized: false,
    checkServerIdentity,
    requestOCSP: true,
  })
  Object.assign(socket, { getPeerCertificate })
  const giveUp = (outcome: Outcome) => {
    resolve(outcome)
    socket.destroy()
  }
  const cancel = () => giveUp(CANCELLED)
  let timer = setTimeout(giveUp, timeoutMs, failed('timedOut', `no answer within ${Math.round(timeoutMs)} ms`))
  request.signal?.addEventListener('abort', cancel, { once: true })
  let ocspResponse: Uint8Array | null = null
  socket.once('OCSPResponse', (response: Buffer | null) => {
    if (response !== null && response.length > 0 && response.length <= MAX_STAPLE_BYTES) ocspResponse = new Uint8Array(response)
  })
  socket.once('secureConnect', () => {
    resolve(readOutcome(socket, ocspResponse))
    // Destroying here would drop our Finished message, and the server would log a failed handshake.
    socket.end().resume()
    clearTimeout(timer)
    timer = setTimeout(() => socket.destroy(), LINGER_MS)
  })
  socket.on('error', (error: NodeJS.ErrnoException & { reason?: string }) => giveUp(readFailure(error)))
  socket.once('close', () => {
    clearTimeout(timer)
    plain?.destroy()
    request.signal?.removeEventListener('abort', cancel)
    resolve(failed('reset', 'the connection was closed'))
  })
  return promise
}

/** Real ones have one or two kilobytes. */
const MAX_STAPLE_BYTES = 64 * 1024

const CANCELLED = failed('timedOut', 'the probe was cancelled')

// The name is judged later, against all names that are expected; here it would only hide the state of the chain.
const checkServerIdentity = () => undefined

// Node builds its old-style certificate objects for `checkServerIdentity`, which is a quarter of the work of a trusted probe (0.4 ms).
const getPeerCertificate = () => null

function readOutcome(socket: TLSSocket, ocspResponse: Uint8Array | null): Outcome {
  const served = readOrNull(socket)
  if (served === null) return failed('handshakeFailed', 'the server sent no certificate that can be read')
  return {
    done: 'yes',
    chain: served.chain,
    tlsVersion: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    trusted: socket.authorized && served.isDer,
    trustError: !served.isDer ? NOT_DER : socket.authorized ? null : trustErrorOf(socket),
    ocspResponse,
  }
}

// What a stranger put into a certificate must not end the process, as an error in an event handler does.
function readOrNull(socket: TLSSocket): ReturnType<typeof readServedChain> {
  try {
    return readServedChain(socket)
  } catch {
    return null // OpenSSL accepted it, and Node cannot say what it holds
  }
}

// Node's types say Error; it is OpenSSL's code as a string, or an Error with a code.
function trustErrorOf(socket: TLSSocket): string {
  const error: unknown = socket.authorizationError
  if (typeof error === 'string') return error
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNSPECIFIED'
}

const BY_SYSTEM_CODE: Readonly<Record<string, ProbeFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timedOut',
}

// OpenSSL's complaints about bytes that are not a TLS record. Its other errors are about the messages inside.
const NOT_A_TLS_RECORD =
  /^ERR_SSL_(WRONG_VERSION_NUMBER|HTTP_REQUEST|HTTPS_PROXY_REQUEST|(PACKET|DATA|ENCRYPTED)_LENGTH_TOO_LONG|RECORD_LAYER_FAILURE|BAD_RECORD_TYPE)$/

// What a server says, or OpenSSL about it, when it has only versions, ciphers or keys that the modern context refuses.
const OUTDATED_SERVER =
  /^ERR_SSL_(.*ALERT_PROTOCOL_VERSION|.*ALERT_HANDSHAKE_FAILURE|.*ALERT_INSUFFICIENT_SECURITY|UNSUPPORTED_PROTOCOL|DH_KEY_TOO_SMALL|EE_KEY_TOO_SMALL|WRONG_SIGNATURE_TYPE|UNSAFE_LEGACY_RENEGOTIATION_DISABLED|LEGACY_SIGALG.*|NO_SUITABLE_.*)$/

function readFailure(error: NodeJS.ErrnoException & { reason?: string }): Outcome {
  const code = error.code ?? ''
  const detail = error.reason ?? error.message
  if (NOT_A_TLS_RECORD.test(code)) return failed('notTls', detail, code)
  if (code.startsWith('ERR_SSL_')) return failed('handshakeFailed', detail, code)
  return failed(BY_SYSTEM_CODE[code] ?? 'unreachable', detail, code)
}
