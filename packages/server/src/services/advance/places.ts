/**
 * How much is under way at the same time. Who only waits for others, before a reload that is shared, stands aside: its place is for the next, and so a batch of any
 * size comes together at a server. Also who is on the way there.
 *
 * @module
 */
import type { Gathering } from '../../ports/kit.ts'

/** Who stands aside has its pair in memory. */
const MAX_ASIDE = 1_000
/** Nobody else is known to come: those of one moment come within this time. */
const GATHER_MS = 60
/** Jobs begin of which nobody knows yet where they lead. */
const BEGINNING_MS = 1_000
/** Another one is on its way to this very server: it looks at its sites first, and some do not answer. */
const COMING_MS = 15_000

export interface Places extends Gathering {
  /** For work that has not begun; also when nothing more fits in beside it. */
  free(): number
  /** Waits for a place where there is none. */
  within<Value>(work: () => Promise<Value>): Promise<Value>
  /** Called when there may be a free one. */
  onFree(listener: () => void): void
  /** Somebody is on the way to a server, until the function that it gives is called. */
  announce(server: string): () => void
  /** Somebody may be on the way to any, until the function that it gives is called. */
  begin(): () => void
  /** Whether more than is under way is waiting to begin. */
  setMore(isThereMore: () => boolean): void
  /** Nobody waits for others any more. */
  close(): void
}

export function createPlaces(count: number): Places {
  let taken = 0
  let aside = 0
  let beginning = 0
  let isClosed = false
  let isThereMore = () => false
  const coming = new Map<string, number>()
  /** Came back, and go before those that have not begun. */
  const waiting: (() => void)[] = []
  const listeners: (() => void)[] = []

  const leave = (): void => {
    taken -= 1
    const next = waiting.shift()
    if (next !== undefined) {
      taken += 1
      next()
    } else for (const listener of listeners) listener()
  }
  const take = (): Promise<void> | null => {
    if (taken < count) {
      taken += 1
      return null
    }
    const own = Promise.withResolvers<void>()
    waiting.push(own.resolve)
    return own.promise
  }
  return {
    free: () => (aside >= MAX_ASIDE ? 0 : Math.max(0, count - taken)),
    within: async (work) => {
      await take()
      try {
        return await work()
      } finally {
        leave()
      }
    },
    aside: async (wait) => {
      aside += 1
      leave()
      try {
        return await wait()
      } finally {
        aside -= 1
        await take()
      }
    },
    onFree: (listener) => void listeners.push(listener),
    announce: (server) => {
      coming.set(server, (coming.get(server) ?? 0) + 1)
      return once(() => {
        const left = (coming.get(server) ?? 1) - 1
        if (left === 0) coming.delete(server)
        else coming.set(server, left)
      })
    },
    begin: () => {
      beginning += 1
      return once(() => {
        beginning -= 1
      })
    },
    setMore: (answer) => {
      isThereMore = answer
    },
    quietMs: (server) => {
      if (isClosed || aside >= MAX_ASIDE) return 0
      if (coming.has(server)) return COMING_MS
      return beginning > 0 || isThereMore() ? BEGINNING_MS : GATHER_MS
    },
    close: () => {
      isClosed = true
    },
  }
}

/** However often it is called. */
function once(end: () => void): () => void {
  let isOver = false
  return () => {
    if (!isOver) end()
    isOver = true
  }
}
