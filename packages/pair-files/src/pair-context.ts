/**
 * What the steps of a deployment into files share: the host, the log, the lock, the turn, the commands.
 *
 * @module
 */
import { AppError } from '@evercert/contract/app-error'
import { orRefuse, type Host } from './host.ts'
import type { Layout } from './layout.ts'
import { removeDeadLock, takeLock } from './lock.ts'
import { readFoundPair, type FoundPair } from './pair.ts'
import type { BatchFacts } from './reload-batch.ts'
import type { Gathering } from './reload-turns.ts'
import type { StepLog } from './step-log.ts'
import { openVersionStore, type PendingReload, type VersionStore } from './version-store.ts'

/** The instants between which a crash may fall, in their order. `restore` has the last ones of its own. */
export type Step =
  | 'locked'
  | 'versionWritten'
  | 'saved'
  | 'adopting'
  | 'certificateLinked'
  | 'adopted'
  | 'marked'
  | 'swapped'
  | 'tested'
  | 'reloaded'
  | 'remembered'
  | 'unmarked'
  | 'pruned'
  | 'restored'

export interface PairFiles {
  readonly layout: Layout
  /** Program and arguments. */
  readonly testCommand?: readonly string[] | undefined
  readonly reloadCommand?: readonly string[] | undefined
  readonly commandTimeoutSeconds: number
  /** The name of the host. */
  readonly hostName: string
  /** A host for one operation; closed at its end. @throws AppError `targetUnreachable`, `credentialsRejected`, … */
  openHost(): Promise<Host>
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Who knows of other pairs on their way to the same server. */
  readonly gathering?: Gathering | undefined
  /** Told each line of the log as it is said. */
  readonly onLogLine?: ((line: string) => void) | undefined
}

export interface Context {
  readonly files: PairFiles
  readonly host: Host
  readonly onStep: (step: Step) => void
  readonly log: StepLog
}

/** Targets with the same one share their reloads. */
export function serverOf({ hostName, reloadCommand, layout }: PairFiles): string {
  return [hostName, ...(reloadCommand ?? layout.files.map(({ path }) => path))].join('\0')
}

/** Without a reload there is nothing to share, and nobody is waited for. */
export function gatheringOf({ reloadCommand, gathering }: PairFiles): Gathering | undefined {
  if (reloadCommand !== undefined) return gathering
  return { aside: (wait) => wait(), ...gathering, quietMs: () => 0 }
}

/** For each pair of a batch, in which others are written meanwhile. */
const BATCH_MS_EACH = 500

/**
 * Nobody else deploys into this folder until the function that it gives was called; that one never rejects.
 *
 * @throws AppError `conflict` when somebody does
 */
export async function lock(
  context: Context,
  store: VersionStore,
  { count, timeoutSeconds }: BatchFacts,
): Promise<() => Promise<void>> {
  const { files, host } = context
  const staleAfterMs = staleAfter(timeoutSeconds) + count * BATCH_MS_EACH
  const release = await orRefuse('Preparing the folder for the versions', async () => {
    await store.ensureFolder()
    try {
      return await takeLock(host, store.lockPath, { now: files.now(), staleAfterMs })
    } catch (error) {
      if (!(error instanceof AppError)) await store.removeIfUnused() // else it is another deployment's
      throw error
    }
  })
  context.onStep('locked')
  return async () => {
    await release()
    await store.removeIfUnused()
  }
}

/** When nothing is to be done. */
export function forgetDeadLock({ files, host }: Context, store: VersionStore): Promise<void> {
  return removeDeadLock(host, store.lockPath, { now: files.now(), staleAfterMs: staleAfter(files.commandTimeoutSeconds) })
}

/** Test, reload, and the reload of a rollback, and as much again for the files. */
const staleAfter = (timeoutSeconds: number): number => 6 * timeoutSeconds * 1_000

export function putBack(store: VersionStore, { previousVersion }: PendingReload): Promise<void> {
  return previousVersion === null ? store.detach() : store.swapTo(previousVersion)
}

/** The deployment is done; what fails here is repaired by the next one and must not undo it. */
export async function tidyUp(context: Context, store: VersionStore, { previousVersion }: PendingReload): Promise<void> {
  const { onStep, log } = context
  try {
    // In this order: what `restore` goes back to is known at every instant.
    await store.rememberPrevious(previousVersion)
    onStep('remembered')
    await store.clearPendingReload()
    onStep('unmarked')
    await store.prune()
    onStep('pruned')
  } catch (error) {
    log.say(
      `Tidying up old versions failed (${error instanceof Error ? error.message : 'unknown'}); the next deployment does it.`,
    )
  }
}

export function openStore({ host, files }: Context): Promise<VersionStore> {
  return orRefuse('Looking at the folders of the files', () => openVersionStore(host, files.layout))
}

export function readFound({ host, files }: Context, store: VersionStore): Promise<FoundPair> {
  return orRefuse('Reading the pair that is there', () => readFoundPair(host, files.layout, (name) => store.findNotePath(name)))
}

export function findPending(store: VersionStore): Promise<PendingReload | null> {
  return orRefuse('Looking for an interrupted deployment', () => store.findPendingReload())
}

export function placeOf({ host, files }: Context): string {
  const [{ path }] = files.layout.files
  return host.isRemote ? `${path} on ${host.name}` : path
}

/** Enough to compare by eye. */
export function nameOf(sha256: string | null): string {
  return sha256 === null ? 'what was there' : `certificate ${sha256.slice(0, 16)}…`
}
