/**
 * Owner, group and mode of the files to write: those of the files that are there, so that the server can still read them.
 *
 * @module
 */
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FoundFile } from './durable-files.ts'
import type { FoundPair } from './pair.ts'

type Rights = Pick<FoundFile, 'mode' | 'uid' | 'gid'>

export interface PairRights {
  readonly certificate: Rights
  readonly key: Rights
  /** For the copy of the key that is there. */
  readonly keptKeyMode: number
}

interface Wishes {
  readonly certificatePath: string
  readonly keyPath: string
  readonly certificateMode?: string | undefined
  readonly keyMode?: string | undefined
}

const CERTIFICATE_MODE = 0o644
const KEY_MODE = 0o600

export async function rightsFor(wishes: Wishes, found: FoundPair): Promise<PairRights> {
  const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
  const keptKeyMode = found.key === null ? KEY_MODE : found.key.mode & ~(await bitsShutOutByFolder(wishes))
  return {
    certificate: {
      ...own,
      ...ownerOf(found.certificate),
      mode: toMode(wishes.certificateMode) ?? found.certificate?.mode ?? CERTIFICATE_MODE,
    },
    key: { ...own, ...ownerOf(found.key), mode: toMode(wishes.keyMode) ?? keptKeyMode },
    keptKeyMode,
  }
}

/**
 * The key moves into a folder beside the certificate. If its own folder kept people out (as `/etc/ssl/private` does), the file must
 * do so from now on.
 */
async function bitsShutOutByFolder({ certificatePath, keyPath }: Wishes): Promise<number> {
  if (dirname(certificatePath) === dirname(keyPath)) return 0
  const { mode } = await stat(dirname(keyPath))
  return ((mode & 0o010) === 0 ? 0o070 : 0) | ((mode & 0o001) === 0 ? 0o007 : 0)
}

function ownerOf(file: FoundFile | null): Partial<Rights> {
  return file === null ? {} : { uid: file.uid, gid: file.gid }
}

function toMode(octal: string | undefined): number | undefined {
  return octal === undefined ? undefined : Number.parseInt(octal, 8)
}
