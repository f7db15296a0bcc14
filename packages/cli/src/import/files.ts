/**
 * Files of a folder that somebody else filled: regular ones only, of a bounded size, and nothing outside of the folder.
 *
 * @module
 */
import { readFile, realpath, stat } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { wrongUsage } from '../failure.ts'
import { skipped, type SkipCode, type Skipped } from './found.ts'
import { MAX_FILE_BYTES } from './limits.ts'

/** @returns its text, or why it is not read */
export async function readText(root: string, path: string): Promise<string | Skipped> {
  try {
    const real = await realpath(path)
    if (!isInside(await realpath(root), real)) return skipped(path, 'link')
    const info = await stat(real)
    if (!info.isFile()) return skipped(path, 'unreadable')
    if (info.size > MAX_FILE_BYTES) return skipped(path, 'tooLarge')
    return await readFile(real, 'utf8')
  } catch (error) {
    return skipped(path, isMissing(error) ? 'incomplete' : 'unreadable')
  }
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path)
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`))
}

/** Also when a file stands where a folder was looked for. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** The first of several reasons, for a pair of which one half or both could not be read. */
export function firstSkipped(...texts: readonly (string | Skipped)[]): SkipCode | null {
  const found = texts.find((text) => typeof text !== 'string')
  return found === undefined ? null : found.code
}

/** @throws CliFailure `invalid`: the folder is not what the command says it is */
export function notAnEstate(tool: string, root: string, missing: string): Error {
  return wrongUsage('invalid', `Importing from ${tool}: ${root} has no ${missing}: say where its folder is.`, {
    title: `There is no ${tool} folder`,
    cause: { en: `${root} has no ${missing}.`, zh: `${root} 中没有 ${missing}。` },
    remedy: {
      en: 'Give the folder with the option of this command, and check that you may read it.',
      zh: '请用该命令的选项指定目录，并确认有读取权限。',
    },
  })
}
