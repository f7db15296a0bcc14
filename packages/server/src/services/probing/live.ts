/**
 * Probing on demand, told while it goes on. Who stops listening stops nothing: it is probed to its end and recorded.
 *
 * @module
 */
import type { ProbeEvent } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { loadCertificate } from '../certificates.ts'
import type { Caller, Services } from '../context.ts'
import { verifyCertificate } from '../verify.ts'

/** At the same time, by this node: each may be thousands of handshakes. */
export const MAX_LIVE_PROBES = 16
const RETRY_AFTER_SECONDS = 15

const running = new WeakMap<Services['db'], { count: number }>()

/** @throws AppError `notFound`; `rateLimited` when too many are under way. `certificateNotIssued` ends the stream. */
export async function probeLive(
  services: Services,
  caller: Caller,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal | undefined },
): Promise<AsyncGenerator<ProbeEvent, void, void>> {
  await loadCertificate(services, caller, id)
  const slots = running.get(services.db) ?? { count: 0 }
  running.set(services.db, slots)
  if (slots.count >= MAX_LIVE_PROBES) {
    throw new AppError('rateLimited', `Probing ${id}: ${MAX_LIVE_PROBES} certificates are being probed: ask again later.`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    })
  }
  slots.count += 1
  const events = createLine<ProbeEvent>()
  const work = verifyCertificate(services, caller, id, events.add).finally(() => {
    slots.count -= 1
    events.end()
  })
  work.catch(() => {}) // it is thrown to who listens, if anybody still does
  return tell(events, work, signal)
}

async function* tell(
  events: Line<ProbeEvent>,
  work: Promise<unknown>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ProbeEvent, void, void> {
  for (;;) {
    const event = await events.next()
    if (event === null || signal?.aborted === true) break
    yield event
  }
  if (signal?.aborted === true) return
  await work
  yield { kind: 'ended' }
}

interface Line<Item> {
  readonly add: (item: Item) => void
  readonly end: () => void
  /** Null: none will come. For one reader. */
  readonly next: () => Promise<Item | null>
}

function createLine<Item>(): Line<Item> {
  const waiting: Item[] = []
  let isOver = false
  let wakeUp = Promise.withResolvers<void>()
  return {
    add: (item) => {
      waiting.push(item)
      wakeUp.resolve()
    },
    end: () => {
      isOver = true
      wakeUp.resolve()
    },
    next: async () => {
      for (;;) {
        const item = waiting.shift()
        if (item !== undefined) return item
        if (isOver) return null
        await wakeUp.promise
        wakeUp = Promise.withResolvers()
        if (isOver) wakeUp.resolve()
      }
    },
  }
}
