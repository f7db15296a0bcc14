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
const RETRY_AFTER_SECONDS = 15

interface Look {
  readonly at: number
  readonly event: Promise<CertificateEvent>
}

/** What listeners of one service share: several of one certificate cost one look. */
interface Listening {
  count: number
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
  if (listening.count >= MAX_LISTENERS) {
    throw new AppError('rateLimited', `Listening to certificate ${id}: ${MAX_LISTENERS} listen already: ask again later.`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    })
  }
  const look = (): Promise<CertificateEvent> => lookAt(listening, services, caller, id)
  const first = await look()
  return listen(listening, { first, look, signal, mayStill })
}

interface Watch {
  readonly first: CertificateEvent
  readonly look: () => Promise<CertificateEvent>
  readonly signal: AbortSignal | undefined
  readonly mayStill: () => Promise<unknown>
}

async function* listen(
  listening: Listening,
  { first, look, signal, mayStill }: Watch,
): AsyncGenerator<CertificateEvent, void, void> {
  const until = performance.now() + LISTEN_FOR_MS
  const isOver = (): boolean => performance.now() > until || signal?.aborted === true
  listening.count += 1
  try {
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
    listening.count -= 1
    if (listening.count === 0) listening.looks.clear()
  }
}

function listeningOf(services: Services): Listening {
  const known = listenings.get(services.db) ?? { count: 0, looks: new Map<string, Look>() }
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
