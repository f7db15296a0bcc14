/**
 * One deployment at a time into one folder, also among processes and machines. The lock of a process that died is taken over.
 *
 * @module
 */
import { hostname } from 'node:os'
import { AppError } from '@evercert/contract/app-error'
import { UNFINISHED } from './durable-files.ts'
import { findOrNull, hasCode, type Host } from './host.ts'

interface Holder {
  readonly pid: number
  readonly machine?: string
  /** Epoch milliseconds. */
  readonly takenAt: number
  /** For how long it may be needed: who has a batch of many needs it for longer than who comes with one. */
  readonly staleAfterMs?: number
}

/** Whatever a lock says of itself, it is over after this. */
const MOST_MS = 3_600_000

/** Taken by this very process: after a restart in a container another process may have had the same id. */
const heldHere = new Set<string>()

export interface LockOptions {
  /** Epoch milliseconds. */
  readonly now: number
  /** Older locks are taken over even if a process with that id is alive: it is another one by now. */
  readonly staleAfterMs: number
}

/** Gives the function that releases the lock and never rejects. @throws AppError `conflict` when another deployment into this folder is running */
export async function takeLock(host: Host, path: string, options: LockOptions): Promise<() => Promise<void>> {
  const held = `${host.name}\0${path}`
  if (heldHere.has(held)) throw busy()
  heldHere.add(held)
  try {
    if (!(await tryToTake(host, path, options))) {
      if (await isHeld(host, path, options)) throw busy()
      await host.removeFile(path)
      if (!(await tryToTake(host, path, options))) throw busy()
    }
  } catch (error) {
    heldHere.delete(held)
    // Another deployment, which changed nothing, has just removed the folder.
    throw hasCode(error, 'ENOENT') ? busy() : error
  }
  return async () => {
    try {
      await host.removeFile(path)
    } catch {
      // A disk that turned read-only, a lost connection: the next deployment takes the lock over.
    } finally {
      heldHere.delete(held)
    }
  }
}

/** Removes the lock of a process that died when all but that was done. Never rejects: who comes next takes it over. */
export async function removeDeadLock(host: Host, path: string, options: LockOptions): Promise<void> {
  if (heldHere.has(`${host.name}\0${path}`)) return
  try {
    const bytes = await findOrNull(host.readFile(path))
    if (bytes !== null && !isLive(bytes, options)) await host.removeFile(path)
  } catch {
    // As when it is given back.
  }
}

// A link appears with its whole content, so that nobody reads a lock that is half written.
async function tryToTake(host: Host, path: string, { now, staleAfterMs }: LockOptions): Promise<boolean> {
  const unfinished = `${path}.${hostname()}.${process.pid}${UNFINISHED}`
  const content = JSON.stringify({ pid: process.pid, machine: hostname(), takenAt: now, staleAfterMs })
  await host.removeFile(unfinished)
  await host.createFile(unfinished, { bytes: Buffer.from(content), mode: 0o600, uid: null, gid: null })
  try {
    await host.hardLink(unfinished, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await host.removeFile(unfinished).catch(() => {}) // pruned with the next deployment
  }
}

async function isHeld(host: Host, path: string, options: LockOptions): Promise<boolean> {
  const bytes = await findOrNull(host.readFile(path))
  return bytes !== null && isLive(bytes, options)
}

function isLive(bytes: Uint8Array, { now, staleAfterMs }: LockOptions): boolean {
  const holder = parseHolder(Buffer.from(bytes).toString('utf8'))
  if (holder === null) return false
  if (now - holder.takenAt > Math.max(staleAfterMs, Math.min(holder.staleAfterMs ?? 0, MOST_MS))) return false
  if ((holder.machine ?? hostname()) !== hostname()) return true // another node of the service: its process cannot be asked for
  return holder.pid !== process.pid && isAlive(holder.pid)
}

function parseHolder(text: string): Holder | null {
  try {
    const parsed = JSON.parse(text) as Partial<Record<keyof Holder, unknown>> | null
    const { pid, machine, takenAt, staleAfterMs } = parsed ?? {}
    if (!Number.isSafeInteger(pid) || (pid as number) <= 0 || typeof takenAt !== 'number') return null
    if (machine !== undefined && typeof machine !== 'string') return null
    return {
      pid: pid as number,
      takenAt,
      ...(machine !== undefined && { machine }),
      ...(typeof staleAfterMs === 'number' && { staleAfterMs }),
    }
  } catch {
    return null // not written by us
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
}

function busy(): AppError {
  return new AppError(
    'conflict',
    'Deploying to files: another deployment to the same files is running: it is tried again shortly',
  )
}
