/**
 * File operations that survive a power cut: what is renamed into place was written and flushed before, and so is the folder.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path/posix'
import type { FoundFile, Host } from './host.ts'

/** Leftovers of a crash are recognised by this ending. */
export const UNFINISHED = '.unfinished'

/** Makes a folder with these files, all at once: it has its name only when everything in it is on disk. */
export async function writeNewFolder(host: Host, path: string, files: Readonly<Record<string, FoundFile>>): Promise<void> {
  const unfinished = unfinishedNameOf(path)
  try {
    await host.createFolder(unfinished)
    for (const [name, file] of Object.entries(files)) await writeShutIn(host, unfinished, { name, file })
    await host.flushFolder(unfinished)
    await host.rename(unfinished, path)
    await host.flushFolder(dirname(path))
  } catch (error) {
    await host.removeTree(unfinished).catch(() => {}) // a lost connection: the next deployment removes it
    throw error
  }
}

/** With folders around it, the file has a link in its place. */
async function writeShutIn(
  host: Host,
  folder: string,
  { name, file }: { readonly name: string; readonly file: FoundFile },
): Promise<void> {
  const inner = [folder]
  for (const rights of file.within ?? []) {
    inner.push(rights.name)
    await host.createFolder(join(...inner), rights)
  }
  await host.createFile(join(...inner, name), file)
  if (inner.length === 1) return
  for (let depth = inner.length; depth > 1; depth--) await host.flushFolder(join(...inner.slice(0, depth)))
  await host.symlink(join(...inner.slice(1), name), join(folder, name))
}

/** Puts a symbolic link in the place of whatever file or link is there, in one step. */
export async function replaceWithLink(host: Host, path: string, target: string): Promise<void> {
  const unfinished = unfinishedNameOf(path)
  try {
    await host.symlink(target, unfinished)
    await host.rename(unfinished, path)
  } catch (error) {
    await host.removeFile(unfinished).catch(() => {}) // as above
    throw error
  }
  await host.flushFolder(dirname(path))
}

/** Puts a small text in the place of whatever file is there, in one step. */
export async function replaceText(host: Host, path: string, text: string): Promise<void> {
  const unfinished = unfinishedNameOf(path)
  await host.createFile(unfinished, { bytes: Buffer.from(text), mode: 0o600, uid: null, gid: null })
  await host.rename(unfinished, path)
  await host.flushFolder(dirname(path))
}

/** Removes a file or link, if it is there. */
export async function removeFile(host: Host, path: string): Promise<void> {
  await host.removeFile(path)
  await host.flushFolder(dirname(path))
}

function unfinishedNameOf(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}${UNFINISHED}`
}
