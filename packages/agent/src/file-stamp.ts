/**
 * Whether a file is still as it was, without reading it.
 *
 * @module
 */
import { statSync } from 'node:fs'

/** File systems keep times more coarsely than this: what was written just now may be written again under the same time. */
const SETTLED_MS = 2_000

/** Another one as soon as the file, or what a link leads to, is another; null when that cannot be told (yet). */
export function stampOf(path: string): string | null {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(path, { bigint: true })
    if (BigInt(Date.now()) - ctimeMs < SETTLED_MS) return null
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    return null // missing, or not for us
  }
}
