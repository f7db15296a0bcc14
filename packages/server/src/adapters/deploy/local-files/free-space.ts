/**
 * Room for a deployment, asked before anything is written.
 *
 * @module
 */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '../../../domain/errors.ts'
import { orRefuse } from './durable-files.ts'
import type { CheckedPair, FoundPair } from './pair.ts'
import type { VersionStore } from './version-store.ts'

/** Files, folders and links of a deployment, each at least a block. */
const BLOCKS_NEEDED = 12

/** Twice what is needed must be free. @throws AppError `deployRefused` */
export async function ensureSpace(store: VersionStore, found: FoundPair, wanted: CheckedPair): Promise<void> {
  const folder = dirname(store.folder)
  const { bsize, bavail, files, ffree } = await orRefuse('Asking for the free space', () => statfs(folder))
  const contentBytes =
    wanted.certificatePem.length + wanted.keyPem.length + (found.certificate?.bytes.length ?? 0) + (found.key?.bytes.length ?? 0)
  const neededBytes = 2 * (contentBytes + BLOCKS_NEEDED * bsize)
  const freeBytes = bavail * bsize
  if (freeBytes >= neededBytes && (files === 0 || ffree >= 2 * BLOCKS_NEEDED)) return
  throw new AppError(
    'deployRefused',
    `Deploying to ${folder}: the file system has ${freeBytes} bytes and ${ffree} files left, ${neededBytes} and ${2 * BLOCKS_NEEDED} are wanted for a safe swap, nothing was changed: free some space.`,
  )
}
