/**
 * Taking an applied pair back: the version before it is swapped in again and reloaded.
 *
 * @module
 */
import { AppError } from '@evercert/contract/app-error'
import type { RestoreEvidence } from '@evercert/contract'
import { orRefuse } from './host.ts'
import {
  findPending,
  gatheringOf,
  lock,
  openStore,
  placeOf,
  putBack,
  readFound,
  serverOf,
  tidyUp,
  type Context,
} from './pair-context.ts'
import type { Member } from './reload-batch.ts'
import { goFirst } from './reload-turns.ts'
import type { VersionStore } from './version-store.ts'

/** See `PairTarget`. */
export async function restore(context: Context, refused: string): Promise<RestoreEvidence> {
  const store = await openStore(context)
  const owes = async (): Promise<boolean> =>
    (await readFound(context, store)).sha256 === refused || (await findPending(store)) !== null
  if (!(await owes())) return nothingToRestore(context, store)
  let release = (): Promise<void> => Promise.resolve()
  const member: Member = {
    testCommand: null,
    reloadCommand: context.files.reloadCommand ?? null,
    timeoutSeconds: context.files.commandTimeoutSeconds,
    canGoBack: false,
    mustReload: () => true,
    begin: async (batch) => {
      release = await lock(context, store, batch)
      return (await owes()) ? { mustBeHealthy: false } : null
    },
    refuse: ({ ending }) => new AppError('deployRefused', `Restoring ${placeOf(context)}: ${ending}: correct the configuration.`),
    putIn: () => takeBack(context, store, refused),
    putBack: () => Promise.resolve(),
    placed: () => {},
    run: (command, timeoutSeconds) => context.host.run(command, timeoutSeconds * 1_000),
    tell: (command, result) => context.log.command(command, result),
  }
  try {
    const outcome = await goFirst(serverOf(context.files), member, gatheringOf(context.files))
    if (outcome.is === 'error') throw outcome.error
    if (outcome.is !== 'in') return await nothingToRestore(context, store)
    context.onStep('reloaded')
    await tidyUp(context, store, { previousVersion: null, previousSha256: null })
    const { sha256 } = await readFound(context, store)
    return { changed: true, sha256, reloaded: outcome.reload?.ok === true, log: context.log.lines }
  } finally {
    await release()
  }
}

async function nothingToRestore(context: Context, store: VersionStore): Promise<RestoreEvidence> {
  context.log.say('The target does not have the refused pair: nothing was changed.')
  const { sha256 } = await readFound(context, store)
  return { changed: false, sha256, reloaded: false, log: context.log.lines }
}

/** Marked before, so that whoever finds it half done reloads. */
async function takeBack(context: Context, store: VersionStore, refused: string): Promise<void> {
  const { log, onStep } = context
  const found = await readFound(context, store)
  if (found.sha256 !== refused) return log.say('The previous pair is in place already; its reload is due.')
  const pending = await findPending(store)
  const previousVersion = pending === null ? await store.findPrevious() : pending.previousVersion
  if (!(await store.isAdopted())) {
    throw new AppError(
      'deployRefused',
      `Restoring ${placeOf(context)}: somebody replaced the files since, and what was there before is not kept: put the right pair in place by hand.`,
    )
  }
  await orRefuse('Putting back the previous pair', async () => {
    await store.markPendingReload(pending ?? { previousVersion, previousSha256: null })
    onStep('marked')
    await putBack(store, { previousVersion, previousSha256: null })
  })
  onStep('restored')
  log.say(
    previousVersion === null
      ? 'Removed the files: there was nothing before.'
      : `Put back version ${previousVersion.slice(0, 16)}….`,
  )
}
