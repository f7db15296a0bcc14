/**
 * One deployment at a time into one folder, also among processes. The lock of a process that died is taken over.
 *
 * @module
 */
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { AppError } from '../../../domain/errors.ts'
import { findOrNull, hasCode, UNFINISHED } from './durable-files.ts'

const lockFile = z.object({ pid: z.int().positive(), takenAt: z.number() })

/** Taken by this very process: after a restart in a container another process may have had the same id. */
const heldHere = new Set<string>()

export interface LockOptions {
  /** Epoch milliseconds. */
  readonly now: number
  /** Older locks are taken over even if a process with that id is alive: it is another one by now. */
  readonly staleAfterMs: number
}

/** Gives the function that releases the lock and never rejects. @throws AppError `conflict` when another deployment into this folder is running */
export async function takeLock(path: string, options: LockOptions): Promise<() => Promise<void>> {
  if (heldHere.has(path)) throw busy()
  heldHere.add(path)
  try {
    if (!(await tryToTake(path, options.now))) {
      if (await isHeld(path, options)) throw busy()
      await rm(path, { force: true })
      if (!(await tryToTake(path, options.now))) throw busy()
    }
  } catch (error) {
    heldHere.delete(path)
    // Another deployment, which changed nothing, has just removed the folder.
    throw hasCode(error, 'ENOENT') ? busy() : error
  }
  return async () => {
    try {
      await rm(path, { force: true })
    } catch {
      // A disk that turned read-only: the next deployment takes the lock over.
    } finally {
      heldHere.delete(path)
    }
  }
}

// A link appears with its whole content, so that nobody reads a lock that is half written.
async function tryToTake(path: string, now: number): Promise<boolean> {
  const unfinished = `${path}.${process.pid}${UNFINISHED}`
  await writeFile(unfinished, JSON.stringify({ pid: process.pid, takenAt: now }), { mode: 0o600 })
  try {
    await link(unfinished, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(unfinished, { force: true })
  }
}

async function isHeld(path: string, { now, staleAfterMs }: LockOptions): Promise<boolean> {
  const text = await findOrNull(readFile(path, 'utf8'))
  if (text === null) return false
  const holder = parseHolder(text)
  if (holder === null || holder.pid === process.pid || now - holder.takenAt > staleAfterMs) return false
  return isAlive(holder.pid)
}

function parseHolder(text: string): z.infer<typeof lockFile> | null {
  try {
    return lockFile.parse(JSON.parse(text))
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
  return new AppError('conflict', 'Deploying to local files: another deployment to the same files is running: try again shortly')
}
