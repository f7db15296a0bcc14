/**
 * The folders of somebody else's tool: those that are linked count, and what cannot be listed is told rather than passed over.
 *
 * @module
 */
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { wrongUsage } from '../failure.ts'
import { isInside, isMissing } from './files.ts'
import { skipped, type SkipCode, type Skipped } from './found.ts'

export interface Listed {
  /** In alphabetical order. */
  readonly names: readonly string[]
  readonly left: readonly Skipped[]
}

/**
 * The folders in a folder.
 *
 * @returns null when there is no such folder
 * @throws the error of the system when it cannot be listed
 */
export async function listFolders(root: string, folder: string): Promise<Listed | null> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (entries === null) return null
  const names: string[] = []
  const left: Skipped[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    const link = entry.isSymbolicLink() ? await followLink(root, path) : null
    if (entry.isDirectory() || link === 'folder') names.push(entry.name)
    else if (link !== null && link !== 'file') left.push(skipped(path, link))
  }
  return { names: names.toSorted(), left }
}

async function followLink(root: string, path: string): Promise<'folder' | 'file' | SkipCode> {
  try {
    const real = await realpath(path)
    if (!(await stat(real)).isDirectory()) return 'file'
    return isInside(await realpath(root), real) ? 'folder' : 'link'
  } catch (error) {
    return isMissing(error) ? 'incomplete' : 'unreadable'
  }
}

/** The folder that a command was told of, or that a tool always has; null when it is missing. @throws CliFailure `invalid` */
export async function orRefuse<Value>(folder: string, list: Promise<Value>): Promise<Value | null> {
  try {
    return await list
  } catch (error) {
    if (isMissing(error)) return null
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw wrongUsage('invalid', `Reading ${folder}: ${code}: check its permissions, or run as a user who may read it.`, {
      title: 'The folder cannot be read',
      cause: { en: `${folder} cannot be read (${code}).`, zh: `无法读取 ${folder}（${code}）。` },
      remedy: {
        en: 'Check its permissions, or run the command as a user who may read it.',
        zh: '请检查权限，或以有读取权限的用户运行该命令。',
      },
    })
  }
}
