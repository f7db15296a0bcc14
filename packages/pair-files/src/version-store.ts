/**
 * Where the pairs are kept, beside the certificate:
 *
 * ```
 * site.pem                  → .site.pem.evercert/current/certificate.pem
 * site.key                  → .site.pem.evercert/current/key.pem          (in whatever folder it is)
 * .site.pem.evercert/
 *   current                 → <version>       the one link that is swapped: all files change in the same instant
 *   previous                → <version>
 *   <version>/certificate.pem, key.pem        the version is the SHA-256 of the leaf; never changed once it has its name
 *   pending-reload                            swapped, but the server was not reloaded yet
 *   fallback                → <version>       meanwhile: renamed into `current` to go back, or into `previous` at the end; neither needs room
 *   reloaded                                  the server was reloaded for these files, which are no links to here; gone with the first swap
 *   lock
 * ```
 *
 * @module
 */
import { basename, dirname, join, relative } from 'node:path/posix'
import { removeFile, replaceText, replaceWithLink, UNFINISHED, writeNewFolder } from './durable-files.ts'
import { findOrNull, hasCode, type FoundFile, type Host } from './host.ts'
import type { Layout } from './layout.ts'

/** The pair was swapped in, but the server does not have it yet. */
export interface PendingReload {
  readonly previousVersion: string | null
  readonly previousSha256: string | null
}

export type Files = Readonly<Record<string, FoundFile | null>>

export interface VersionStore {
  readonly folder: string
  readonly lockPath: string
  /** Makes the folder if it is missing. */
  ensureFolder(): Promise<void>
  findCurrent(): Promise<string | null>
  findPrevious(): Promise<string | null>
  /** Whether all paths lead into the store. */
  isAdopted(): Promise<boolean>
  /** Where a file of the current version is; null when the paths do not lead there. */
  findNotePath(name: string): Promise<string | null>
  /** Adds a version and gives its name; nothing refers to it yet. */
  writeVersion(sha256: string | null, files: Files): Promise<string>
  /** Makes a version the current one: the instant in which all files change together. Back to the fallback, it needs no room on the disk. */
  swapTo(version: string): Promise<void>
  /**
   * Makes all paths lead into the store without changing what is read through them, at any instant: what they hold is saved as
   * a version and made current before a path becomes a link.
   */
  adopt(
    found: { readonly sha256: string | null; readonly files: Files },
    onStep: (step: 'saved' | 'adopting' | 'certificateLinked') => void,
  ): Promise<void>
  /** The reverse, for when there was nothing before: all files vanish in the same instant, then the links. */
  detach(): Promise<void>
  findPendingReload(): Promise<PendingReload | null>
  markPendingReload(pending: PendingReload): Promise<void>
  clearPendingReload(): Promise<void>
  /** For which files the server was reloaded although nothing was swapped; null: for none. */
  findReloaded(): Promise<string | null>
  noteReloaded(files: string): Promise<void>
  /** Before the swap, while there may be room: what going back takes. */
  prepareFallback(version: string | null): Promise<void>
  rememberPrevious(version: string | null): Promise<void>
  /** With a swap. Removes every version but the current, the previous and the one to go back to, what a crash left unfinished, and the note of a reload before. */
  prune(): Promise<void>
  /** Removes the folder if it is empty. Never rejects. */
  removeIfUnused(): Promise<void>
}

/** @throws the error of the file system when the folder of a path is missing */
export async function openVersionStore(host: Host, layout: Layout): Promise<VersionStore> {
  const [first] = layout.files
  const firstFolder = await host.realPath(dirname(first.path))
  const folder = join(firstFolder, `.${basename(first.path)}.evercert`)
  const at = (name: string) => join(folder, name)
  // Relative, so that they also hold in a container that has the folder at another place.
  const links = await Promise.all(
    layout.files.map(async ({ name, path }) => {
      const from = path === first.path ? firstFolder : await host.realPath(dirname(path))
      return { path, target: relative(from, join(at('current'), name)) }
    }),
  )

  const findVersion = async (link: 'current' | 'previous' | 'fallback') => toVersion(await host.findLinkTarget(at(link)))
  const findCurrent = () => findVersion('current')
  const isLinked = async ({ path, target }: (typeof links)[number]) => (await host.findLinkTarget(path)) === target
  const isAdopted = async () => (await Promise.all(links.map(isLinked))).every(Boolean)
  const pointTo = async (link: 'current' | 'previous', version: string) => {
    if ((await findVersion('fallback')) !== version) return replaceWithLink(host, at(link), version)
    await host.rename(at('fallback'), at(link))
    await host.flushFolder(folder)
  }
  const swapTo = (version: string) => pointTo('current', version)
  const findPendingReload = () => findPending(host, at(PENDING))

  const writeVersion: VersionStore['writeVersion'] = async (sha256, files) => {
    const version = await freeName(host, folder, sha256 ?? UNREADABLE)
    const present = Object.entries(files).flatMap(([name, file]) => (file === null ? [] : [[name, file] as const]))
    await writeNewFolder(host, at(version), Object.fromEntries(present))
    return version
  }

  return {
    folder,
    lockPath: at('lock'),
    findCurrent,
    isAdopted,
    findPrevious: () => findVersion('previous'),
    findNotePath: async (name) => ((await isAdopted()) ? join(at('current'), name) : null),
    writeVersion,
    swapTo,
    ensureFolder: () => ensureFolder(host, folder),
    adopt: async (found, onStep) => {
      if (await isAdopted()) return
      if (Object.values(found.files).every((file) => file === null)) {
        await removeFile(host, at('current'))
      } else {
        const version = await writeVersion(found.sha256, found.files)
        onStep('saved')
        await swapTo(version)
      }
      onStep('adopting')
      for (const [index, { path, target }] of links.entries()) {
        await removeUnfinishedLinks(host, path)
        await replaceWithLink(host, path, target)
        if (index < links.length - 1) onStep('certificateLinked')
      }
    },
    detach: async () => {
      await removeFile(host, at('current'))
      for (const link of links) if (await isLinked(link)) await removeFile(host, link.path)
    },
    findPendingReload,
    markPendingReload: (pending) => replaceText(host, at(PENDING), JSON.stringify(pending)),
    clearPendingReload: () => removeFile(host, at(PENDING)),
    ...reloadNote(host, at(RELOADED)),
    prepareFallback: (version) =>
      version === null ? removeFile(host, at('fallback')) : replaceWithLink(host, at('fallback'), version),
    rememberPrevious: (version) => (version === null ? removeFile(host, at('previous')) : pointTo('previous', version)),
    prune: async () => {
      const pending = await findPendingReload()
      if (pending === null) await host.removeFile(at('fallback'))
      await pruneFolder(host, folder, [await findCurrent(), await findVersion('previous'), pending?.previousVersion ?? null])
    },
    removeIfUnused: async () => {
      try {
        await host.removeFolder(folder)
      } catch {
        // In use: it is not empty.
      }
    },
  }
}

// Not the recursive kind: that one tells a read-only file system as a missing folder.
async function ensureFolder(host: Host, folder: string): Promise<void> {
  try {
    await host.createFolder(folder)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

async function pruneFolder(host: Host, folder: string, kept: readonly (string | null)[]): Promise<void> {
  const names = (await findOrNull(host.list(folder))) ?? []
  const isLeft = (name: string): boolean =>
    name.endsWith(UNFINISHED) || name === RELOADED || (toVersion(name) !== null && !kept.includes(name))
  const leftovers = names.filter(isLeft)
  for (const name of leftovers) await host.removeTree(join(folder, name))
}

/** What a crash left beside a file that was about to become a link. Best effort: it is in nobody's way. */
async function removeUnfinishedLinks(host: Host, path: string): Promise<void> {
  try {
    const folder = dirname(path)
    const isLeft = (name: string) => name.startsWith(`${basename(path)}.`) && name.endsWith(UNFINISHED)
    for (const name of (await host.list(folder)).filter(isLeft)) await host.removeFile(join(folder, name))
  } catch {
    // A folder that may not be listed, or a lost connection, which the next step says.
  }
}

function reloadNote(host: Host, path: string): Pick<VersionStore, 'findReloaded' | 'noteReloaded'> {
  return {
    findReloaded: async () => {
      const bytes = await findOrNull(host.readFile(path))
      return bytes === null ? null : Buffer.from(bytes).toString('utf8')
    },
    noteReloaded: (files) => replaceText(host, path, files),
  }
}

async function findPending(host: Host, path: string): Promise<PendingReload | null> {
  const bytes = await findOrNull(host.readFile(path))
  return bytes === null ? null : parsePending(Buffer.from(bytes).toString('utf8'))
}

const PENDING = 'pending-reload'
const RELOADED = 'reloaded'
const UNREADABLE = 'unreadable'
const VERSION = /^([0-9a-f]{64}|unreadable)(-\d+)?$/

function toVersion(name: string | null): string | null {
  return name !== null && VERSION.test(name) ? name : null
}

// The same leaf may come again with another chain, or after someone changed the files by hand: a version is never written to twice.
async function freeName(host: Host, folder: string, wanted: string): Promise<string> {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}-${count}`
    if ((await findOrNull(host.stat(join(folder, name)))) === null) return name
  }
}

const CHANGED_BY_HAND: PendingReload = { previousVersion: null, previousSha256: null } // that it is there says enough

function parsePending(text: string): PendingReload {
  try {
    const { previousVersion, previousSha256 } = JSON.parse(text) as Partial<Record<keyof PendingReload, unknown>>
    const isText = (value: unknown): value is string | null => value === null || typeof value === 'string'
    return isText(previousVersion) && isText(previousSha256) ? { previousVersion, previousSha256 } : CHANGED_BY_HAND
  } catch {
    return CHANGED_BY_HAND
  }
}
