/**
 * Where a file of this machine is, whatever symbolic links lead to its folder.
 *
 * @module
 */
import { realpath } from 'node:fs/promises'
import { posix } from 'node:path'

/** A file system that hangs holds nobody up: the path as it is written has to do. */
const ANSWER_MS = 2_000

/** The file itself is not followed: a link there is what is replaced. Of folders that are not there (yet), or not for us, those above them count. */
export async function realPlace(path: string): Promise<string> {
  const written = posix.normalize(path)
  const { promise: late, resolve } = Promise.withResolvers<string>()
  const timer = setTimeout(() => resolve(written), ANSWER_MS)
  try {
    return await Promise.race([resolvePlace(path, written), late])
  } finally {
    clearTimeout(timer)
  }
}

async function resolvePlace(path: string, written: string): Promise<string> {
  // As it is first: behind a link `..` is another folder than in the text.
  const folder = (await realOrNull(posix.dirname(path))) ?? (await nearest(posix.dirname(written)))
  return posix.join(folder, posix.basename(written))
}

async function nearest(folder: string): Promise<string> {
  const real = await realOrNull(folder)
  if (real !== null || folder === '/') return real ?? folder
  return posix.join(await nearest(posix.dirname(folder)), posix.basename(folder))
}

async function realOrNull(folder: string): Promise<string | null> {
  try {
    return await realpath(folder)
  } catch {
    return null // missing, a circle, or not for us
  }
}
