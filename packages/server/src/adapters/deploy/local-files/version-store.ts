/**
 * Where the pairs are kept, beside the certificate:
 *
 * ```
 * site.pem                  → .site.pem.evercert/current/certificate.pem
 * site.key                  → .site.pem.evercert/current/key.pem          (in whatever folder it is)
 * .site.pem.evercert/
 *   current                 → <version>       the one link that is swapped: certificate and key change in the same instant
 *   previous                → <version>
 *   <version>/certificate.pem, key.pem        the version is the SHA-256 of the leaf; never changed once it has its name
 *   pending-reload                            swapped, but the server was not reloaded yet
 *   lock
 * ```
 *
 * @module
 */
import { mkdir, readFile, readdir, realpath, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { z } from 'zod'
import {
  findLinkTarget,
  findOrNull,
  hasCode,
  removeFile,
  replaceText,
  replaceWithLink,
  UNFINISHED,
  writeNewFolder,
  type FoundFile,
} from './durable-files.ts'
import type { FoundPair } from './pair.ts'

const CERTIFICATE = 'certificate.pem'
const KEY = 'key.pem'

/** The pair was swapped in, but the server does not have it yet. */
const pendingReload = z.object({ previousVersion: z.string().nullable(), previousSha256: z.string().nullable() })
export type PendingReload = z.infer<typeof pendingReload>

export interface VersionStore {
  readonly folder: string
  readonly lockPath: string
  /** Makes the folder if it is missing. */
  ensureFolder(): Promise<void>
  findCurrent(): Promise<string | null>
  /** Adds a version and gives its name; nothing refers to it yet. */
  writeVersion(
    sha256: string | null,
    files: { readonly certificate: FoundFile | null; readonly key: FoundFile | null },
  ): Promise<string>
  /** Makes a version the current one: the instant in which certificate and key change together. */
  swapTo(version: string): Promise<void>
  /**
   * Makes both paths lead into the store without changing what is read through them, at any instant: what they hold is saved as
   * a version and made current before a path becomes a link.
   */
  adopt(found: FoundPair, onStep: (step: 'saved' | 'adopting' | 'certificateLinked') => void): Promise<void>
  /** The reverse, for when there was nothing before: both files vanish in the same instant, then the links. */
  detach(): Promise<void>
  findPendingReload(): Promise<PendingReload | null>
  markPendingReload(pending: PendingReload): Promise<void>
  clearPendingReload(): Promise<void>
  rememberPrevious(version: string | null): Promise<void>
  /** Removes every version but the current and the previous one, and what a crash left unfinished. */
  prune(): Promise<void>
  /** Removes the folder if it is empty. Never rejects. */
  removeIfUnused(): Promise<void>
}

/** @throws the error of the file system when the folder of a path is missing */
export async function openVersionStore(paths: { certificatePath: string; keyPath: string }): Promise<VersionStore> {
  const certificateFolder = await realpath(dirname(paths.certificatePath))
  const keyFolder = await realpath(dirname(paths.keyPath))
  const folder = join(certificateFolder, `.${basename(paths.certificatePath)}.evercert`)
  const at = (name: string) => join(folder, name)
  // Relative, so that they also hold in a container that has the folder at another place.
  const links = [
    { path: paths.certificatePath, target: relative(certificateFolder, join(at('current'), CERTIFICATE)) },
    { path: paths.keyPath, target: relative(keyFolder, join(at('current'), KEY)) },
  ] as const
  const [certificateLink, keyLink] = links

  const findVersion = async (link: 'current' | 'previous') => toVersion(await findLinkTarget(at(link)))
  const findCurrent = () => findVersion('current')
  const isLinked = async ({ path, target }: (typeof links)[number]) => (await findLinkTarget(path)) === target
  const isAdopted = async () => (await isLinked(certificateLink)) && (await isLinked(keyLink))
  const swapTo = (version: string) => replaceWithLink(at('current'), version)

  const writeVersion: VersionStore['writeVersion'] = async (sha256, { certificate, key }) => {
    const version = await freeName(folder, sha256 ?? UNREADABLE)
    await writeNewFolder(at(version), { ...(certificate && { [CERTIFICATE]: certificate }), ...(key && { [KEY]: key }) })
    return version
  }

  return {
    folder,
    lockPath: at('lock'),
    findCurrent,
    writeVersion,
    swapTo,
    ensureFolder: () => ensureFolder(folder),
    adopt: async (found, onStep) => {
      if (await isAdopted()) return
      if (found.certificate === null && found.key === null) {
        await removeFile(at('current'))
      } else {
        const version = await writeVersion(found.sha256, found)
        onStep('saved')
        await swapTo(version)
      }
      onStep('adopting')
      await replaceWithLink(certificateLink.path, certificateLink.target)
      onStep('certificateLinked')
      await replaceWithLink(keyLink.path, keyLink.target)
    },
    detach: async () => {
      await removeFile(at('current'))
      for (const link of links) if (await isLinked(link)) await removeFile(link.path)
    },
    findPendingReload: async () => {
      const text = await findOrNull(readFile(at(PENDING), 'utf8'))
      return text === null ? null : parsePending(text)
    },
    markPendingReload: (pending) => replaceText(at(PENDING), JSON.stringify(pending)),
    clearPendingReload: () => removeFile(at(PENDING)),
    rememberPrevious: (version) => (version === null ? removeFile(at('previous')) : replaceWithLink(at('previous'), version)),
    prune: async () => {
      const kept = [await findCurrent(), await findVersion('previous')]
      const names = (await findOrNull(readdir(folder))) ?? []
      const leftovers = names.filter((name) => name.endsWith(UNFINISHED) || (toVersion(name) !== null && !kept.includes(name)))
      for (const name of leftovers) await rm(at(name), { recursive: true, force: true })
    },
    removeIfUnused: async () => {
      try {
        await rmdir(folder)
      } catch {
        // In use: it is not empty.
      }
    },
  }
}

// Not the recursive kind: that one tells a read-only file system as a missing folder.
async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o755 })
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  }
}

const PENDING = 'pending-reload'
const UNREADABLE = 'unreadable'
const VERSION = /^([0-9a-f]{64}|unreadable)(-\d+)?$/

function toVersion(name: string | null): string | null {
  return name !== null && VERSION.test(name) ? name : null
}

// The same leaf may come again with another chain, or after someone changed the files by hand: a version is never written to twice.
async function freeName(folder: string, wanted: string): Promise<string> {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}-${count}`
    if ((await findOrNull(stat(join(folder, name)))) === null) return name
  }
}

function parsePending(text: string): PendingReload {
  try {
    return pendingReload.parse(JSON.parse(text))
  } catch {
    return { previousVersion: null, previousSha256: null } // changed by hand; that it is there says enough
  }
}
