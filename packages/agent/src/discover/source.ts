/**
 * Reading configuration files within limits: of depth, count and size, so that an include of itself or of everything ends.
 *
 * @module
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize } from 'node:path/posix'
import type { FindingProblem } from '@evercert/contract'
import type { DiscoveredKind } from '../config.ts'

const MAX_FILE_BYTES = 4 * 1024 * 1024
const MAX_FILES = 5_000
const MAX_DEPTH = 20

/** A certificate that a server's configuration names. */
export interface Named {
  readonly server: DiscoveredKind
  /** The configuration file and the line that names it. */
  readonly file: string
  readonly line: number
  /** As it is on disk; as it is written where nobody can say. */
  readonly certificatePath: string
  /** Null: in the same file, or not named. */
  readonly keyPath: string | null
  readonly serverNames: readonly string[]
  /** Where it is served; null when the configuration does not say. */
  readonly port: number | null
  /** Why the files cannot be known; null when they can. */
  readonly problem: FindingProblem | null
}

/** The files of one configuration. Tests give their own. */
export interface Source {
  /** @throws when it cannot be read */
  read(path: string): string
  /** Paths that match a pattern, sorted; also those of a path without wildcards, when it is there. */
  glob(pattern: string): readonly string[]
  isFolder(path: string): boolean
  /** One file deeper, or a fault that says why not. */
  enter<Value>(path: string, depth: number, work: () => Value): Value | null
  /** What could not be read, and why. */
  readonly faults: string[]
}

export function createSource(): Source {
  const faults: string[] = []
  let files = 0
  return {
    faults,
    read: (path) => {
      if (statSync(path).size > MAX_FILE_BYTES) throw new Error(`larger than ${MAX_FILE_BYTES} bytes`)
      return readFileSync(path, 'utf8')
    },
    glob,
    isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true,
    enter: (path, depth, work) => {
      files += 1
      try {
        if (depth > MAX_DEPTH) throw new Error(`included deeper than ${MAX_DEPTH} times`)
        if (files > MAX_FILES) throw new Error(`more than ${MAX_FILES} files`)
        return work()
      } catch (error) {
        if (faults.length < 100) faults.push(`${path}: ${error instanceof Error ? error.message : 'unreadable'}`)
        return null
      }
    },
  }
}

/** `*`, `?` and `[…]` within each part of a path, as the servers have it. Hidden files only where the pattern says so. */
export function glob(pattern: string): readonly string[] {
  const parts = normalize(pattern).split('/').slice(1)
  let found = ['']
  for (const part of parts) {
    found = found.flatMap((folder) => {
      if (!/[*?[]/.test(part)) return exists(`${folder}/${part}`) ? [`${folder}/${part}`] : []
      const matches = toRegExp(part)
      return namesIn(folder === '' ? '/' : folder)
        .filter((name) => matches.test(name) && (part.startsWith('.') || !name.startsWith('.')))
        .map((name) => `${folder}/${name}`)
    })
  }
  return found.toSorted()
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return [] // no folder, or not for us
  }
}

function toRegExp(part: string): RegExp {
  const source = part.replaceAll(
    /\[([!^]?)([^\]]+)\]|[*?]|[.+^${}()|\\[\]]/g,
    (all, not: string | undefined, set: string | undefined) => {
      if (all === '*') return '[^/]*'
      if (all === '?') return '[^/]'
      if (set !== undefined) return `[${not ? '^' : ''}${set.replaceAll('\\', '\\\\')}]`
      return `\\${all}`
    },
  )
  try {
    return new RegExp(`^${source}$`)
  } catch {
    return /^\b$/ // a set that is none matches nothing
  }
}

/** A path of a configuration, against the folder that the server takes it to be in. */
export function toAbsolute(path: string, folder: string): string {
  return isAbsolute(path) ? normalize(path) : join(folder, path)
}

export const folderOf = dirname
