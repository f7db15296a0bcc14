/**
 * File operations that survive a power cut: what is renamed into place was written and flushed before, and so is the folder.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../../../domain/errors.ts'

/** What a file holds, and its rights. */
export interface FoundFile {
  readonly bytes: Buffer
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** Leftovers of a crash are recognised by this ending. */
export const UNFINISHED = '.unfinished'

// With exactly these rights, and never readable by anyone else on the way there.
async function writeNewFile(path: string, file: FoundFile): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(file.bytes)
    const { uid, gid } = await handle.stat()
    if (uid !== file.uid || gid !== file.gid) await handle.chown(file.uid, file.gid)
    await handle.chmod(file.mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a folder with these files, all at once: it has its name only when everything in it is on disk. */
export async function writeNewFolder(path: string, files: Readonly<Record<string, FoundFile>>): Promise<void> {
  const unfinished = unfinishedNameOf(path)
  try {
    await mkdir(unfinished, { mode: 0o755 })
    for (const [name, file] of Object.entries(files)) await writeNewFile(join(unfinished, name), file)
    await flushFolder(unfinished)
    await rename(unfinished, path)
    await flushFolder(dirname(path))
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

/** Puts a symbolic link in the place of whatever file or link is there, in one step. */
export async function replaceWithLink(path: string, target: string): Promise<void> {
  const unfinished = unfinishedNameOf(path)
  try {
    await symlink(target, unfinished)
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  await flushFolder(dirname(path))
}

/** Puts a small text in the place of whatever file is there, in one step. */
export async function replaceText(path: string, text: string): Promise<void> {
  const unfinished = unfinishedNameOf(path)
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(unfinished, path)
  await flushFolder(dirname(path))
}

/** Removes a file or link, if it is there. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await flushFolder(dirname(path))
}

/** Where a symbolic link points; null when there is nothing or something else. */
export async function findLinkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'EINVAL')) return null
    throw error
  }
}

export async function findOrNull<Value>(found: Promise<Value>): Promise<Value | null> {
  try {
    return await found
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function unfinishedNameOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}${UNFINISHED}`
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
}

/** Runs file operations. @throws AppError `deployRefused` in words for the user, for every error of the file system */
export async function orRefuse<Value>(attempt: string, operations: () => Promise<Value>): Promise<Value> {
  try {
    return await operations()
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || !('syscall' in cause)) throw cause
    const code = String(cause.code)
    const place = 'path' in cause ? ` ${String(cause.path)}` : ''
    throw new AppError('deployRefused', `${attempt}:${place}: ${WHAT_TO_DO[code] ?? 'the file system refused'} (${code})`, {
      cause,
    })
  }
}
