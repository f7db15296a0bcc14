/**
 * Places for those who listen: each listener looks again and again at what it listens to, so there are only so many, and nobody holds them all.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../domain/errors.ts'
import type { Caller, Services } from './context.ts'

/** Then the client asks again, with a token that may have ended meanwhile. */
const LISTEN_FOR_MS = 300_000
const RETRY_AFTER_SECONDS = 15

/** To what: a certificate costs a look at much, the list a look at one index. */
export type ListeningKind = 'certificate' | 'list'

/**
 * Of a certificate each may cost a look in every second: on the embedded database these are a tenth of what one core can do. A list is looked at once for
 * all listeners of its account.
 */
export const MAX_LISTENERS: Readonly<Record<ListeningKind, number>> = { certificate: 64, list: 256 }
/** Of one user with all their tokens, or of one token that no user made, to whatever: nobody holds all places alone. */
export const MAX_LISTENERS_OF_ONE = 16

interface Look {
  readonly at: number
  readonly seen: Promise<unknown>
}

/** What listeners of one service share: several of one thing cost one look. */
interface Listening {
  readonly counts: Record<ListeningKind, number>
  readonly ofEach: Map<string, number>
  readonly looks: Map<string, Look>
}

const listenings = new WeakMap<Services['db'], Listening>()

function listeningOf(services: Pick<Services, 'db'>): Listening {
  const known: Listening = listenings.get(services.db) ?? {
    counts: { certificate: 0, list: 0 },
    ofEach: new Map<string, number>(),
    looks: new Map<string, Look>(),
  }
  listenings.set(services.db, known)
  return known
}

export function countListeners(services: Pick<Services, 'db'>): number {
  const { counts } = listeningOf(services)
  return counts.certificate + counts.list
}

interface Subject<Seen, News> {
  readonly kind: ListeningKind
  /** What it is, for who is refused. */
  readonly what: string
  /** The same for listeners that see the same. */
  readonly key: string
  /** How often it is looked at, however many listen. */
  readonly everyMs: number
  readonly look: () => Promise<Seen>
  /** Another one is news. */
  readonly versionOf: (seen: Seen) => string
  /** @param changes told to this listener before */
  readonly toNews: (seen: Seen, changes: number) => News
}

interface Listener {
  /** Aborted when the listener is gone. */
  readonly signal: AbortSignal | undefined
  /** Asked before each piece of news: who was let in may have been turned out since; throws then, and the stream ends by it. */
  readonly mayStill: () => Promise<unknown>
}

/**
 * Begins with the state of the moment, and yields again after each change.
 *
 * @throws AppError `rateLimited` when too many listen already; what the first look throws
 */
export async function listenTo<Seen, News>(
  services: Services,
  caller: Caller,
  subject: Subject<Seen, News>,
  listener: Listener,
): Promise<AsyncGenerator<News, void, void>> {
  const listening = listeningOf(services)
  const leave = takePlace(listening, caller, subject)
  const { signal } = listener
  try {
    signal?.addEventListener('abort', leave, { once: true })
    if (signal?.aborted === true) leave()
    const look = (): Promise<Seen> => lookAt(listening, subject)
    const first = await look()
    const news = listen({ ...subject, ...listener, first, look, leave })
    await news.next() // one that has not begun would not end either, and keep its place
    return news
  } catch (error) {
    leave()
    throw error
  }
}

/** At once, before anything is waited for. @returns gives the place back, once @throws AppError `rateLimited` */
function takePlace(
  { counts, ofEach, looks }: Listening,
  { userId, tokenId }: Caller,
  { kind, what }: Pick<Subject<unknown, unknown>, 'kind' | 'what'>,
): () => void {
  const key = userId ?? tokenId
  const own = ofEach.get(key) ?? 0
  if (counts[kind] >= MAX_LISTENERS[kind]) throw tooMany(what, `${MAX_LISTENERS[kind]} listen already`)
  if (own >= MAX_LISTENERS_OF_ONE) throw tooMany(what, `you listen ${MAX_LISTENERS_OF_ONE} times already`)
  counts[kind] += 1
  ofEach.set(key, own + 1)
  let hasLeft = false
  return () => {
    if (hasLeft) return
    hasLeft = true
    counts[kind] -= 1
    const left = (ofEach.get(key) ?? 1) - 1
    if (left === 0) ofEach.delete(key)
    else ofEach.set(key, left)
    if (counts.certificate + counts.list === 0) looks.clear()
  }
}

function tooMany(what: string, why: string): AppError {
  return new AppError('rateLimited', `Listening to ${what}: ${why}: ask again later.`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
}

interface Watch<Seen, News> extends Listener, Pick<Subject<Seen, News>, 'everyMs' | 'versionOf' | 'toNews'> {
  readonly first: Seen
  readonly look: () => Promise<Seen>
  readonly leave: () => void
}

/** Gives the first twice: once to begin. */
async function* listen<Seen, News>(watch: Watch<Seen, News>): AsyncGenerator<News, void, void> {
  const { first, look, everyMs, versionOf, toNews, signal, mayStill, leave } = watch
  const until = performance.now() + LISTEN_FOR_MS
  const isOver = (): boolean => performance.now() > until || signal?.aborted === true
  try {
    yield toNews(first, 0)
    yield toNews(first, 0)
    let version = versionOf(first)
    let changes = 0
    while (!isOver()) {
      await sleep(everyMs, undefined, { ref: false })
      if (isOver()) return
      const seen = await look()
      if (versionOf(seen) === version) continue
      await mayStill()
      version = versionOf(seen)
      changes += 1
      yield toNews(seen, changes)
    }
  } finally {
    leave()
  }
}

function lookAt<Seen>({ looks }: Listening, { key, everyMs, look }: Subject<Seen, unknown>): Promise<Seen> {
  const last = looks.get(key)
  const now = performance.now()
  if (last !== undefined && now - last.at < everyMs) return last.seen as Promise<Seen>
  const seen = look()
  looks.set(key, { at: now, seen })
  seen.catch(() => looks.delete(key))
  return seen
}
