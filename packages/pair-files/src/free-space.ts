/**
 * Room for a deployment, asked before anything is written.
 *
 * @module
 */
import { dirname } from 'node:path/posix'
import { AppError } from '@evercert/contract/app-error'
import { orRefuse, type Host } from './host.ts'
import type { FoundPair } from './pair.ts'
import type { VersionStore } from './version-store.ts'

/** Files, folders and links of a deployment, each at least a block. */
const BLOCKS_NEEDED = 12

/** Twice what is needed must be free. @throws AppError `diskFull` */
export async function ensureSpace(host: Host, store: VersionStore, found: FoundPair, wantedBytes: number): Promise<void> {
  const folder = dirname(store.folder)
  const space = await orRefuse('Asking for the free space', () => host.freeSpace(folder))
  if (space === null) return
  const { blockBytes, freeBytes, freeFiles } = space
  const foundBytes = Object.values(found.files).reduce((sum, file) => sum + (file?.bytes.length ?? 0), 0)
  const neededBytes = 2 * (wantedBytes + foundBytes + BLOCKS_NEEDED * blockBytes)
  if (freeBytes >= neededBytes && (freeFiles === null || freeFiles >= 2 * BLOCKS_NEEDED)) return
  throw new AppError(
    'diskFull',
    `Deploying to ${folder}: the file system has ${freeBytes} bytes and ${freeFiles ?? 'enough'} files left, ${neededBytes} and ${2 * BLOCKS_NEEDED} are wanted for a safe swap, nothing was changed: free some space.`,
  )
}
