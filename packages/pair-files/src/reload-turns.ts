/**
 * Who is deployed to one server at about the same time goes as one batch: gathered until nobody else comes, one batch after the other. For this process: that all
 * nodes of the service send theirs to the same one is the service's business.
 *
 * @module
 */
import { pause } from './pause.ts'
import { runBatch, type Member, type Outcome } from './reload-batch.ts'

/** Jobs of one moment come within this time of each other. */
export const GATHER_MS = 60
/** A crowd that does not end must not hold the first ones up for ever. */
const MAX_GATHER_MS = 60_000
/** In one batch: what all of it needs is in memory. */
export const MAX_BATCH = 1_000

/** Whoever knows of more that is on its way. */
export interface Gathering {
  /** For how long nobody must have come before the batch begins. */
  quietMs(server: string): number
  /** Waits for others without standing in their way. */
  aside<Value>(wait: () => Promise<Value>): Promise<Value>
}

const ALONE: Gathering = { quietMs: () => GATHER_MS, aside: (wait) => wait() }

interface Waiting {
  readonly member: Member
  readonly gathering: Gathering
  readonly own: PromiseWithResolvers<Outcome>
}

interface Turns {
  /** Ends when every batch that was gathered has ended; never rejects. */
  tail: Promise<void>
  /** Ends when nobody is at the server; never rejects. */
  busy: Promise<void>
  readonly waiting: Waiting[]
  /** They go before those: nobody waits for others to come, and a batch that looks for what is at fault in it lets them pass. */
  readonly first: Waiting[]
  /** Monotonic. */
  lastCameAt: number
  members: number
}

const all = new Map<string, Turns>()

/** How it ended for this member, in whatever batch it went. */
export function inBatch(server: string, member: Member, gathering: Gathering = ALONE): Promise<Outcome> {
  return come(server, gathering, (turns, own) => {
    turns.waiting.push({ member, gathering, own })
    turns.lastCameAt = performance.now()
    if (turns.waiting.length === 1) turns.tail = gatherAndRun(server, turns)
  })
}

/** The same for who goes first: what is served is worse than it was, and each moment counts. Those of one moment still share a reload. */
export function goFirst(server: string, member: Member, gathering: Gathering = ALONE): Promise<Outcome> {
  return come(server, gathering, (turns, own) => {
    turns.first.push({ member, gathering, own })
    void atServer(turns, () => runFirst(turns))
  })
}

async function come(
  server: string,
  gathering: Gathering,
  join: (turns: Turns, own: PromiseWithResolvers<Outcome>) => void,
): Promise<Outcome> {
  const turns = all.get(server) ?? {
    tail: Promise.resolve(),
    busy: Promise.resolve(),
    waiting: [],
    first: [],
    lastCameAt: 0,
    members: 0,
  }
  all.set(server, turns)
  turns.members += 1
  try {
    const own = Promise.withResolvers<Outcome>()
    join(turns, own)
    return await gathering.aside(() => own.promise)
  } finally {
    turns.members -= 1
    if (turns.members === 0) all.delete(server)
  }
}

async function gatherAndRun(server: string, turns: Turns): Promise<void> {
  const before = turns.tail
  await before
  const since = performance.now()
  for (;;) {
    const now = performance.now()
    // Asked of who came last: it knows best.
    const quietMs = turns.waiting.at(-1)?.gathering.quietMs(server) ?? 0
    const leftMs = Math.min(turns.lastCameAt + quietMs, since + MAX_GATHER_MS) - now
    if (leftMs <= 0 || turns.waiting.length >= MAX_BATCH) break
    await pause(Math.min(leftMs, GATHER_MS))
  }
  const batch = turns.waiting.splice(0, MAX_BATCH)
  if (turns.waiting.length > 0) turns.tail = gatherAndRun(server, turns)
  await atServer(turns, () => run(batch, () => runFirst(turns)))
}

function runFirst(turns: Turns): Promise<void> {
  return run(turns.first.splice(0, MAX_BATCH))
}

/** One after the other. @param work never rejects */
function atServer(turns: Turns, work: () => Promise<void>): Promise<void> {
  turns.busy = turns.busy.then(work)
  return turns.busy
}

async function run(batch: readonly Waiting[], between?: () => Promise<void>): Promise<void> {
  if (batch.length === 0) return
  const outcomes = await runBatch(
    batch.map(({ member }) => member),
    between,
  )
  for (const { member, own } of batch) {
    own.resolve(outcomes.get(member) ?? { is: 'error', error: new Error('a member of a batch has no outcome') })
  }
}
