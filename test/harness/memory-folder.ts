/**
 * Where tests keep what they throw away: in memory, where the machine has enough of it. They make and remove a hundred thousand files, most of them of
 * databases, and nobody pulls a plug: who is killed loses nothing that was written.
 *
 * @module
 */
import { accessSync, chmodSync, constants, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
/** Several times what was seen at once. */
const MIN_FREE_BYTES = 4 * 2 ** 30
const MIN_MEMORY_BYTES = 8 * 2 ** 30

/** @returns a new folder that belongs to all users, as /tmp does; null where it would have to be on a disk */
export function makeMemoryFolder(): string | null {
  if (!isFit()) return null
  const folder = mkdtempSync(join(MEMORY, 'evercert-tests-'))
  chmodSync(folder, 0o1777)
  return folder
}

/** Whoever writes there still, since its server is about to end, does not make the run fail. */
export function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  } catch {
    // What is left is small.
  }
}

function isFit(): boolean {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity)
    return bavail * bsize >= MIN_FREE_BYTES && memory >= MIN_MEMORY_BYTES && mayRunPrograms()
  } catch {
    return false // no Linux
  }
}

/** Containers often say `noexec`, and tests write scripts. proc_mounts(5): what, where, kind, options. */
function mayRunPrograms(): boolean {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n')
  const [, , kind, options = ''] = mounts.findLast((line) => line.split(' ')[1] === MEMORY)?.split(' ') ?? []
  return kind === 'tmpfs' && !options.split(',').includes('noexec')
}
