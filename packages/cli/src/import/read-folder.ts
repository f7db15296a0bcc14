/**
 * The files of a folder and of those in it.
 *
 * @module
 */
import { opendir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from './files.ts'
import { orRefuse } from './folders.ts'
import { skipped, type Skipped } from './found.ts'
import { createBudget, type Budget } from './limits.ts'
import type { SourceFile } from './pair-files.ts'
import type { Position } from './position.ts'

/** Deeper is no collection of certificates, but a loop or a mistake. */
const MAX_DEPTH = 16

export async function* readFolder(root: string, position: Position): AsyncGenerator<SourceFile | Skipped> {
  position.total = await countFiles(root, 0)
  const counting = createBudget(root)
  const budget = {
    ...counting,
    addFile: () => {
      position.done += 1
      counting.addFile()
    },
  }
  yield* walk(root, root, budget, 0)
}

/** Only for the progress bar: what is not counted here is met by the walk. */
async function countFiles(folder: string, depth: number): Promise<number> {
  let files = 0
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    files += 1
    if (entry.isDirectory() && depth < MAX_DEPTH) files += await countFiles(join(folder, entry.name), depth + 1)
  }
  return files
}

async function* walk(root: string, folder: string, budget: Budget, depth: number): AsyncGenerator<SourceFile | Skipped> {
  const folders: string[] = []
  const opened = depth === 0 ? await orRefuse(root, opendir(root)) : await opendir(folder).catch(() => null)
  if (opened === null) {
    yield skipped(folder, 'unreadable')
    return
  }
  for await (const entry of opened) {
    const path = join(folder, entry.name)
    budget.addFile()
    if (entry.isDirectory()) folders.push(path)
    else if (entry.isFile() || entry.isSymbolicLink()) yield* readOne(root, path, budget)
  }
  for (const inner of folders.toSorted()) {
    if (depth === MAX_DEPTH) yield skipped(inner, 'unreadable')
    else yield* walk(root, inner, budget, depth + 1)
  }
}

async function* readOne(root: string, path: string, budget: Budget): AsyncGenerator<SourceFile | Skipped> {
  const text = await readText(root, path)
  if (typeof text !== 'string') {
    if (isWorthSaying(text)) yield text
    return
  }
  budget.addBytes(text.length)
  yield { kind: 'file', path, text }
}

/** A large file or a link among others is no certificate unless it is named like one. */
function isWorthSaying({ code, origin }: Skipped): boolean {
  return code === 'unreadable' || /\.(crt|cer|pem|key)$/i.test(origin)
}
