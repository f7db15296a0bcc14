/**
 * A service that runs for months keeps what it needs in memory, and not what it needed while it was loaded or busy.
 *
 * @module
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Garbage is collected sooner than V8 would on a machine with much memory, and the space for what is new stays at the 2 MB that it begins with: while
 * the server is loaded it would grow to 50 MB, and stay so. Loading takes no longer for it. Of so small a space one thread collects sooner than
 * several that are woken for it.
 */
const FLAGS = ['--semi-space-growth-factor=1', '--heap-growing-percent=20', '--no-parallel-scavenge']

/**
 * Of the space for what is new while there is much to do: what is under way then outlives fewer collections, each of which copies it. At 2 MB
 * they took a fifth of a renewal's CPU time, at 8 MB a third of that; 16 MB gain little more.
 */
const BUSY_NEW_SPACE_BYTES = 8_000_000
const LOOK_MS = 1000
/** Of one core. */
const BUSY_SHARE = 0.3
/** Some 5 MB: more than has to be alive for it. */
const MAX_BALLAST = 100_000
const BALLAST_STEP = 2000

/** Before anything else is loaded. */
export function keepHeapSmall(): void {
  for (const flag of FLAGS) setFlagsFromString(flag)
}

/** From here on there is room for what is new whenever the process is busy. V8 takes it back by itself when it is idle. */
export function makeRoomWhenBusy(): void {
  let last = process.cpuUsage()
  setInterval(() => {
    const { user, system } = process.cpuUsage(last)
    last = process.cpuUsage()
    if ((user + system) / 1000 > LOOK_MS * BUSY_SHARE) growNewSpace()
  }, LOOK_MS).unref()
}

/** V8 has no call for it: it grows while much of what is new stays alive, by the factor that is set. Takes a few milliseconds, once. */
export function growNewSpace(): void {
  if (newSpaceBytes() >= BUSY_NEW_SPACE_BYTES) return
  setFlagsFromString('--semi-space-growth-factor=2')
  const ballast: object[] = []
  while (newSpaceBytes() < BUSY_NEW_SPACE_BYTES && ballast.length < MAX_BALLAST)
    for (let step = 0; step < BALLAST_STEP; step += 1) ballast.push({ step })
  setFlagsFromString('--semi-space-growth-factor=1')
}

function newSpaceBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? Infinity
}
