/**
 * Visitors that do not wait for each other: new TLS handshakes by the clock, however long each one takes, up to a bound.
 *
 * @module
 */

export interface Visit {
  /** Milliseconds since the load began. */
  readonly startedAt: number
  readonly endedAt: number
  /** What was seen. */
  readonly seen: string
}

export interface PacedLoad {
  readonly visits: readonly Visit[]
  /** No more are started; resolves with all of them, in the order of their starts, when the last has ended. */
  stop(): Promise<readonly Visit[]>
}

export interface Pace {
  readonly perSecond: number
  /** No more than this are ever started. */
  readonly most: number
}

const TICK_MS = 5

/** A visit that is due while this process was busy is started at the next tick: the rate is kept over time. */
export function startPacedLoad({ perSecond, most }: Pace, visit: () => Promise<string>): PacedLoad {
  const began = performance.now()
  const since = (): number => performance.now() - began
  const visits: Visit[] = []
  const all: Promise<unknown>[] = []
  const start = async (): Promise<void> => {
    const startedAt = since()
    const seen = await visit().catch((error: unknown) => `no handshake: ${String(error)}`)
    visits.push({ startedAt, endedAt: since(), seen })
  }
  const timer = setInterval(() => {
    const due = Math.min(most, Math.floor((since() * perSecond) / 1000))
    while (all.length < due) all.push(start())
    if (all.length >= most) clearInterval(timer)
  }, TICK_MS)
  return {
    visits,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(all)
      return visits.toSorted((a, b) => a.startedAt - b.startedAt)
    },
  }
}

/** Visits that were started in a second. */
export function paceOf(visits: readonly Visit[]): number {
  return (visits.length * 1000) / Math.max(...visits.map(({ startedAt }) => startedAt))
}

/**
 * For how long a server goes back: from the first visit that had seen `next` to the last that began after that and saw something else. 0 when
 * it flips once. Visits that overlap say nothing about each other's order.
 */
export function goesBackForMs(visits: readonly Visit[], next: string): number {
  const flippedAt = Math.min(...visits.filter(({ seen }) => seen === next).map(({ endedAt }) => endedAt))
  const back = visits.filter(({ seen, startedAt }) => seen !== next && startedAt > flippedAt)
  return back.length === 0 ? 0 : Math.max(...back.map(({ startedAt }) => startedAt)) - flippedAt
}
