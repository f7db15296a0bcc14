/**
 * A machine on which a pair is installed: this one, or another one over SSH. The few operations that a safe swap needs, and no others.
 *
 * @module
 */
import { AppError } from '@evercert/contract/app-error'
import type { CommandResult } from './command.ts'

/** What a file holds, and its rights. */
export interface FoundFile {
  readonly bytes: Uint8Array
  /** Permission bits. */
  readonly mode: number
  /** Null: whoever writes the file. */
  readonly uid: number | null
  readonly gid: number | null
  /** Of a file that is there: when it was written, as exactly as the host tells. */
  readonly modifiedMs?: number
  /** As `setfacl` reads it; null or absent when the mode says it all. */
  readonly acl?: string | null
  /** Folders around it in its version, the outermost first; default: none. */
  readonly within?: readonly FolderRights[]
}

export interface FolderRights {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly mode: number
  readonly acl: string | null
}

export interface FoundAcl {
  /** As `setfacl` reads it; null when there is none beyond the mode, or none that can be kept. */
  readonly acl: string | null
  /** `lost`: there is one, which is not kept for want of the tools. `unknown`: nobody can tell whether there is one. */
  readonly loss: 'lost' | 'unknown' | null
}

export interface FileStats {
  readonly isFile: boolean
  readonly sizeBytes: number
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly modifiedMs: number
}

export interface FreeSpace {
  readonly blockBytes: number
  readonly freeBytes: number
  /** Null when the file system does not count its files. */
  readonly freeFiles: number | null
}

/**
 * Errors of the file system carry the codes of Node (`ENOENT`, `EEXIST`, …) and a `syscall`; a connection that is lost is an AppError
 * `targetUnreachable`. Nothing follows a link unless it says so.
 */
export interface Host {
  /** For people: `this machine`, or `deploy@web1:22`. */
  readonly name: string
  /** Names the holder of a lock: a process id means something on this machine alone. */
  readonly isRemote: boolean
  /** Follows links. */
  stat(path: string): Promise<FileStats>
  /** Follows links. */
  readFile(path: string): Promise<Uint8Array>
  /** Makes a file that is not there, with exactly these rights and never readable by anyone else on the way, and flushes it. */
  createFile(path: string, file: FoundFile): Promise<void>
  /** One folder, whose parent is there; default: mode 755. Never with more rights on the way, and with fewer where it cannot be given away. */
  createFolder(path: string, rights?: FolderRights): Promise<void>
  /** A file or link; a missing one is fine. */
  removeFile(path: string): Promise<void>
  /** An empty folder. */
  removeFolder(path: string): Promise<void>
  /** A file, or a folder with all that is in it; a missing one is fine. */
  removeTree(path: string): Promise<void>
  /** In one step, in the place of a file or link that is there. */
  rename(from: string, to: string): Promise<void>
  symlink(target: string, path: string): Promise<void>
  hardLink(existing: string, path: string): Promise<void>
  /** Where a symbolic link points; null when there is nothing or something else. */
  findLinkTarget(path: string): Promise<string | null>
  list(path: string): Promise<readonly string[]>
  realPath(path: string): Promise<string>
  /** Makes renames in a folder last, where the host can. */
  flushFolder(path: string): Promise<void>
  /** Null when the host does not tell. */
  freeSpace(path: string): Promise<FreeSpace | null>
  /** The access control list of a file, and whether one can be given to the file that takes its place. */
  lookAtAcl(path: string): Promise<FoundAcl>
  /** What is made in the folder takes no ACL over from it. */
  dropDefaultAcl(path: string): Promise<void>
  /** Runs a program: no shell expands anything of it. Never rejects but for a lost connection. */
  run(argv: readonly string[], timeoutMs: number): Promise<CommandResult>
  close(): Promise<void>
}

export async function findOrNull<Value>(found: Promise<Value>): Promise<Value | null> {
  try {
    return await found
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/** Whether an error of the file system is of this kind, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: free some space',
  EROFS: 'the file system is read-only: mount it writable, or deploy to another folder',
  EACCES: 'the service may not do that: give its user rights to the folder and the files',
  EPERM: 'the service may not do that: run it as the owner of the files, or as root',
  ENOENT: 'the folder is missing: create it, or correct the path',
  ENOTDIR: 'a part of the path is not a folder: correct the path',
  EBUSY: 'the file itself is a mount point and cannot be replaced: mount its folder instead',
  ELOOP: 'symbolic links lead in a circle: correct them',
  ESFTP: 'the SFTP server refused without a reason: look for a full or read-only disk and for missing rights',
}

/** What mends itself, or in a moment by hand, is tried again. */
const CODES: Readonly<Record<string, 'diskFull' | 'diskReadOnly'>> = {
  ENOSPC: 'diskFull',
  EDQUOT: 'diskFull',
  EROFS: 'diskReadOnly',
}

/** Runs file operations. @throws AppError `diskFull`, `diskReadOnly`, `deployRefused`, in words for the user, for every error of the file system */
export async function orRefuse<Value>(attempt: string, operations: () => Promise<Value>): Promise<Value> {
  try {
    return await operations()
  } catch (cause) {
    if (cause instanceof AppError || !(cause instanceof Error) || !('code' in cause) || !('syscall' in cause)) throw cause
    const code = String(cause.code)
    // Of a link, `path` is where it points.
    const named = 'dest' in cause ? cause.dest : 'path' in cause ? cause.path : null
    const place = typeof named === 'string' ? ` ${named}` : ''
    throw new AppError(
      CODES[code] ?? 'deployRefused',
      `${attempt}:${place}: ${WHAT_TO_DO[code] ?? 'the file system refused'} (${code})`,
      {
        cause,
      },
    )
  }
}
