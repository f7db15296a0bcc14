/**
 * Tells whoever listens when what is shown of a certificate has changed. It looks at the stored facts, so that it does not matter which
 * node changed them; and it looks only while somebody listens.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CertificateEvent } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import { loadApplicationView } from './application-view.ts'
import { loadCertificateDetail } from './certificates.ts'
import type { Caller, Services } from './context.ts'

const LOOK_EVERY_MS = 1000
/** Then the client asks again, with a token that may have ended meanwhile. */
const LISTEN_FOR_MS = 300_000
/** Each may cost a look in every second: on the embedded database these are a tenth of what one core can do. */
export const MAX_LISTENERS = 64
/** Of one user with all their tokens, or of one token that no user made: nobody holds all places alone. */
export const MAX_LISTENERS_OF_ONE = 16
const RETRY_AFTER_SECONDS = 15

interface Look {
  readonly at: number
  readonly event: Promise<CertificateEvent>
}

/** What listeners of one service share: several of one certificate cost one look. */
interface Listening {
  count: number
  readonly ofEach: Map<string, number>
  readonly looks: Map<string, Look>
}

const listenings = new WeakMap<Services['db'], Listening>()

/**
 * Begins with the state of the moment, and yields again after each change.
 *
 * @param signal aborted when the listener is gone
 * @param mayStill asked before each piece of news: who was let in may have been turned out since; throws then, and the stream ends by it
 * @throws AppError `notFound`; `rateLimited` when too many listen already
 */
export async function watchCertificate(
  services: Services,
  caller: Caller,
  {
    id,
    signal,
    mayStill,
  }: { readonly id: string; readonly signal: AbortSignal | undefined; readonly mayStill: () => Promise<unknown> },
): Promise<AsyncGenerator<CertificateEvent, void, void>> {
  const listening = listeningOf(services)
  const leave = takePlace(listening, caller, id)
  try {
    signal?.addEventListener('abort', leave, { once: true })
    if (signal?.aborted === true) leave()
    const look = (): Promise<CertificateEvent> => lookAt(listening, services, caller, id)
    const first = await look()
    const events = listen({ first, look, signal, mayStill, leave })
    await events.next() // one that has not begun would not end either, and keep its place
    return events
  } catch (error) {
    leave()
    throw error
  }
}

/** At once, before anything is waited for. @returns gives the place back, once @throws AppError `rateLimited` */
function takePlace(listening: Listening, { userId, tokenId }: Caller, id: string): () => void {
  const key = userId ?? tokenId
  const own = listening.ofEach.get(key) ?? 0
  if (listening.count >= MAX_LISTENERS) throw tooMany(id, `${MAX_LISTENERS} listen already`)
  if (own >= MAX_LISTENERS_OF_ONE) throw tooMany(id, `you listen ${MAX_LISTENERS_OF_ONE} times already`)
  listening.count += 1
  listening.ofEach.set(key, own + 1)
  let hasLeft = false
  return () => {
    if (hasLeft) return
    hasLeft = true
    listening.count -= 1
    const left = (listening.ofEach.get(key) ?? 1) - 1
    if (left === 0) listening.ofEach.delete(key)
    else listening.ofEach.set(key, left)
    if (listening.count === 0) listening.looks.clear()
  }
}

function tooMany(id: string, why: string): AppError {
  return new AppError('rateLimited', `Listening to certificate ${id}: ${why}: ask again later.`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
}

export function countListeners(services: Pick<Services, 'db'>): number {
  return listeningOf(services).count
}

interface Watch {
  readonly first: CertificateEvent
  readonly look: () => Promise<CertificateEvent>
  readonly signal: AbortSignal | undefined
  readonly mayStill: () => Promise<unknown>
  readonly leave: () => void
}

/** Gives the first twice: once to begin. */
async function* listen({ first, look, signal, mayStill, leave }: Watch): AsyncGenerator<CertificateEvent, void, void> {
  const until = performance.now() + LISTEN_FOR_MS
  const isOver = (): boolean => performance.now() > until || signal?.aborted === true
  try {
    yield first
    yield first
    let { version } = first
    while (!isOver()) {
      await sleep(LOOK_EVERY_MS, undefined, { ref: false })
      if (isOver()) return
      const event = await look()
      if (event.version === version) continue
      await mayStill()
      version = event.version
      yield event
    }
  } finally {
    leave()
  }
}

function listeningOf(services: Pick<Services, 'db'>): Listening {
  const known = listenings.get(services.db) ?? { count: 0, ofEach: new Map<string, number>(), looks: new Map<string, Look>() }
  listenings.set(services.db, known)
  return known
}

function lookAt(listening: Listening, services: Services, caller: Caller, id: string): Promise<CertificateEvent> {
  const key = `${caller.accountId} ${id}`
  const last = listening.looks.get(key)
  const now = performance.now()
  if (last !== undefined && now - last.at < LOOK_EVERY_MS) return last.event
  const event = loadEvent(services, caller, id)
  listening.looks.set(key, { at: now, event })
  event.catch(() => listening.looks.delete(key))
  return event
}

async function loadEvent(services: Services, caller: Caller, id: string): Promise<CertificateEvent> {
  const certificate = await loadCertificateDetail(services, caller, id)
  const application = await loadApplicationView(services, caller, id)
  const { status, nextStep, renewalProcess } = certificate
  // What a look at the clock alone changes is no news.
  const seen = JSON.stringify([{ ...certificate, daysLeft: null }, application])
  return {
    version: createHash('sha256').update(seen).digest('base64url').slice(0, 22),
    status,
    nextStep,
    renewalState: renewalProcess?.state ?? null,
  }
}
