/**
 * Several certificates of one server that are deployed at the same time: their swaps and tests take turns, so that no test sees another's
 * half-done change, and one reload serves all of them. For this process; two nodes of the service may each reload a server once.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'

/** Jobs of one moment reach their turn within this time. */
const GATHER_MS = 60
/** A slow host must not hold the others' reload back for ever. */
const MAX_GATHER_MS = 5_000

interface Turns<Result> {
  /** Ends when everything that was queued has ended; never rejects. */
  tail: Promise<unknown>
  /** In their turn, or waiting for it. */
  busy: number
  readonly waiting: PromiseWithResolvers<Result>[]
}

export interface ReloadTurns<Result> {
  /** Runs when nobody else of this server is in a turn. */
  inTurn<Value>(server: string, work: () => Promise<Value>): Promise<Value>
  /** Gives the result of one reload, which begins after the caller asked, and is shared by all who asked before it began. */
  reload(server: string, run: () => Promise<Result>): Promise<Result>
}

export function createReloadTurns<Result>(): ReloadTurns<Result> {
  const all = new Map<string, Turns<Result>>()

  const turnsOf = (server: string): Turns<Result> => {
    const known = all.get(server) ?? { tail: Promise.resolve(), busy: 0, waiting: [] }
    all.set(server, known)
    return known
  }

  const inTurn = async <Value>(server: string, work: () => Promise<Value>): Promise<Value> => {
    const turns = turnsOf(server)
    turns.busy += 1
    const result = turns.tail.then(work)
    turns.tail = result.catch(() => {}) // the caller has the error
    try {
      return await result
    } finally {
      turns.busy -= 1
      if (turns.busy === 0 && turns.waiting.length === 0) all.delete(server)
    }
  }

  const gatherAndRun = async (server: string, run: () => Promise<Result>): Promise<void> => {
    const turns = turnsOf(server)
    const startedAt = Date.now()
    let asked = 0
    do {
      asked = turns.waiting.length
      await sleep(GATHER_MS)
    } while ((turns.busy > 0 || turns.waiting.length > asked) && Date.now() - startedAt < MAX_GATHER_MS)
    await inTurn(server, async () => {
      const served = turns.waiting.splice(0)
      try {
        const result = await run()
        for (const { resolve } of served) resolve(result)
      } catch (error) {
        for (const { reject } of served) reject(error)
      }
    })
  }

  return {
    inTurn,
    reload: (server, run) => {
      const { waiting } = turnsOf(server)
      const own = Promise.withResolvers<Result>()
      waiting.push(own)
      if (waiting.length === 1) void gatherAndRun(server, run)
      return own.promise
    },
  }
}
