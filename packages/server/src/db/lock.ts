/**
 * One service for each data folder: a lock file that names its owner, so that a second start is refused and a crash leaves no obstacle.
 *
 * @module
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { AppError } from '../domain/errors.ts'

interface Owner {
  readonly pid: number
  /** Start time of the process in clock ticks since boot; null where the system does not tell. Guards against a reused pid. */
  readonly startedTicks: string | null
  readonly host: string
}

/** Takes the folder. @returns what gives it back. @throws AppError `conflict` while another live process has it */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'evercert.lock')
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, JSON.stringify({ pid: process.pid, startedTicks: startedTicksOf(process.pid), host: hostname() }), {
    mode: 0o600,
  })
  try {
    if (!tryLink(mine, path)) takeOver(mine, path, folder)
  } finally {
    rmSync(mine, { force: true })
  }
  return () => {
    if (readOwner(path)?.pid === process.pid) rmSync(path, { force: true })
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

/** The owner died: move its lock aside (only one of several starters succeeds) and take the place. */
function takeOver(mine: string, path: string, folder: string): void {
  const owner = readOwner(path)
  if (owner !== null && isAlive(owner)) throw inUse(folder, owner)
  const aside = `${mine}.old`
  if (tryRename(path, aside)) giveBackIfAlive(aside, path, folder)
  if (!tryLink(mine, path)) throw inUse(folder, readOwner(path))
}

/** Between the look and the move another starter may have taken over: what was moved is then its lock, not the dead owner's. */
function giveBackIfAlive(aside: string, path: string, folder: string): void {
  const moved = readOwner(aside)
  const isTaken = moved !== null && isAlive(moved)
  if (isTaken) tryLink(aside, path)
  rmSync(aside, { force: true })
  if (isTaken) throw inUse(folder, moved)
}

function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function readOwner(path: string): Owner | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner
  } catch {
    return null // gone meanwhile, or a half-written file of a crash: nobody's
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
    'conflict',
    `Opening ${folder}: ${who} uses it: stop that one first, choose another EVERCERT_DATA_DIR, or remove evercert.lock in it if it is gone.`,
  )
}
