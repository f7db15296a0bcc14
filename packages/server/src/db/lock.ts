/**
 * One service for each data folder: a lock file that names its owner, so that a second start is refused and a crash leaves no obstacle.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../domain/errors.ts'

interface Owner {
  readonly pid: number
  /** Start time of the process in clock ticks since boot; null where the system does not tell. Guards against a reused pid. */
  readonly startedTicks: string | null
  readonly host: string
}

/** The embedded database makes its files readable for all; the folders above them are for the owner alone. */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700)
}

/**
 * Makes the folder where it is not there, and takes it.
 *
 * @returns what gives it back
 * @throws AppError `folderInUse` while another live process has it, `misconfigured` when it cannot be written
 */
export function takeDataFolder(folder: string): () => void {
  try {
    ensurePrivateFolder(folder)
    return lockFolder(folder)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (cause instanceof AppError || code === undefined) throw cause
    const remedy = 'give it to the user of the service, or choose another EVERCERT_DATA_DIR'
    throw new AppError('misconfigured', `Opening the data folder ${folder}: it cannot be written (${code}): ${remedy}.`, {
      cause,
      facts: { reason: 'dataFolder', folder, systemCode: code },
    })
  }
}

/** Takes the folder. @returns what gives it back. @throws AppError `folderInUse` while another live process has it */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'evercert.lock')
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, JSON.stringify({ pid: process.pid, startedTicks: startedTicksOf(process.pid), host: hostname() }), {
    mode: 0o600,
  })
  try {
    take(mine, path, folder)
  } finally {
    rmSync(mine, { force: true })
  }
  return () => {
    if (readOwner(path)?.pid === process.pid) rmSync(path, { force: true })
  }
}

/** Makes `path` a link to `mine`, unless a live process has it. @throws AppError `folderInUse` */
function take(mine: string, path: string, folder: string): void {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (tryLink(mine, path)) return
    const found = readText(path)
    if (found !== null) return replace(found, mine, path, folder)
    // It was given back between the two looks.
  }
  throw inUse(folder, readOwner(path))
}

/**
 * Only one of many replaces the lock of a dead process: who holds the lock that is named after this very one. It is replaced in one step, so
 * that it is never away; and the other lock is taken by the same rule, since its owner may have died in the middle.
 */
function replace(found: string, mine: string, path: string, folder: string): void {
  const owner = parseOwner(found)
  if (owner !== null && isAlive(owner)) throw inUse(folder, owner)
  const heir = `${path}.after-${createHash('sha256').update(found).digest('hex').slice(0, 12)}`
  const fresh = `${mine}.new`
  take(mine, heir, folder)
  try {
    if (readText(path) !== found) throw inUse(folder, readOwner(path)) // replaced before
    linkSync(mine, fresh)
    renameSync(fresh, path)
  } finally {
    rmSync(fresh, { force: true })
    rmSync(heir, { force: true })
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function readOwner(path: string): Owner | null {
  const text = readText(path)
  return text === null ? null : parseOwner(text)
}

/** Null for the half-written file of a crash, which is nobody's. */
function parseOwner(text: string): Owner | null {
  try {
    return JSON.parse(text) as Owner
  } catch {
    return null
  }
}

function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true // another machine shares the folder: nothing here can tell, so believe the file
  if (owner.startedTicks !== null) return startedTicksOf(owner.pid) === owner.startedTicks
  try {
    process.kill(owner.pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function startedTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fieldsAfterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // the name may hold spaces
    const zombie = fieldsAfterName[0] === 'Z'
    return zombie ? null : (fieldsAfterName[19] ?? null)
  } catch {
    return null
  }
}

function inUse(folder: string, owner: Owner | null): AppError {
  const who = owner === null ? 'another process' : `process ${owner.pid} on ${owner.host}`
  return new AppError(
    'folderInUse',
    `Opening ${folder}: ${who} uses it: stop that one first, choose another EVERCERT_DATA_DIR, or remove evercert.lock in it if it is gone.`,
  )
}
