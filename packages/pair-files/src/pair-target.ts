/**
 * Deploys into files of a host, for servers that read a certificate and its key from files and can be reloaded. It proves nothing:
 * whether the server serves the pair is seen by probing it.
 *
 * Owner, group, mode and ACL of replaced files are kept; SELinux labels are those that the folder gives.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path/posix'
import { AppError } from '@evercert/contract/app-error'
import type { CertificatePair, DeployEvidence, RestoreEvidence } from '@evercert/contract'
import type { CheckedPair } from './checked-pair.ts'
import type { CommandResult } from './command.ts'
import { ensureSpace } from './free-space.ts'
import { orRefuse } from './host.ts'
import { checkPair, isSamePair, type FoundPair } from './pair.ts'
import {
  findPending,
  forgetDeadLock,
  gatheringOf,
  lock,
  nameOf,
  openStore,
  placeOf,
  putBack,
  readFound,
  serverOf,
  tidyUp,
  type Context,
  type PairFiles,
  type Step,
} from './pair-context.ts'
import type { Failure, Member, Outcome } from './reload-batch.ts'
import { inBatch } from './reload-turns.ts'
import { restore } from './restore-pair.ts'
import { findNarrowed, rightsFor, type Loss } from './rights.ts'
import { createStepLog } from './step-log.ts'
import type { Files, PendingReload, VersionStore } from './version-store.ts'

/** Keeps the contract of `DeployTarget` (ports/deploy.ts of the server). */
export interface PairTarget {
  /** Targets with the same one share their reloads. */
  readonly server: string
  inspect(): Promise<{ readonly sha256: string | null }>
  /** @param wish `mustReload`: also when the files hold the pair already, which the server may not have read; `once`: unless it was reloaded for it */
  apply(pair: CertificatePair, wish?: { readonly mustReload: ReloadWish }): Promise<DeployEvidence>
  /** @param refused SHA-256 of the leaf to take back */
  restore(refused: string): Promise<RestoreEvidence>
}

export type ReloadWish = boolean | 'once'

/** @param onStep called after each step; tests let the process die there */
export function createPairTarget(files: PairFiles, onStep: (step: Step) => void = () => {}): PairTarget {
  const onHost = async <Value>(work: (context: Context) => Promise<Value>): Promise<Value> => {
    const host = await files.openHost()
    try {
      return await work({ files, host, onStep, log: createStepLog(files.now, files.onLogLine) })
    } finally {
      await host.close()
    }
  }
  return {
    server: serverOf(files),
    inspect: () => onHost(inspect),
    apply: async (pair, { mustReload } = { mustReload: false }) => {
      const wanted = checkPair(pair)
      // Without the command there is nothing that could be done about it.
      return onHost((context) => apply(context, wanted, files.reloadCommand === undefined ? false : mustReload))
    },
    restore: (refused) => onHost((context) => restore(context, refused)),
  }
}

async function inspect(context: Context): Promise<{ sha256: string | null }> {
  const store = await openStore(context)
  return { sha256: (await readFound(context, store)).sha256 }
}

async function apply(context: Context, wanted: CheckedPair, mustReload: ReloadWish): Promise<DeployEvidence> {
  const store = await openStore(context)
  const found = await findApplied(context, store, wanted)
  if (found !== null && !(await isReloadDue(context, store, found, mustReload))) {
    await forgetDeadLock(context, store)
    return unchanged(context, found)
  }
  const installation = createInstallation(context, store, { wanted, mustReload })
  try {
    const { files, log } = context
    const outcome = await inBatch(serverOf(files), installation.member, gatheringOf(files))
    if (outcome.is === 'error') throw outcome.error
    if (outcome.is === 'nothing') return unchanged(context, wanted)
    const kept = installation.kept()
    if (kept !== null) return await reloadedAlone(context, store, kept, outcome)
    const fallback = installation.fallback()
    if (outcome.is === 'back') throw await rolledBack(context, store, fallback, outcome)
    context.onStep('reloaded')
    await tidyUp(context, store, fallback)
    const { previousSha256 } = fallback
    return { changed: installation.changed(), previousSha256, reloaded: outcome.reload !== null, log: log.lines }
  } finally {
    await installation.end()
  }
}

/** What is there, when it is the wanted pair and the server has it. */
async function findApplied(context: Context, store: VersionStore, wanted: CheckedPair): Promise<FoundPair | null> {
  const found = await readFound(context, store)
  return isSamePair(found, wanted) && (await findPending(store)) === null ? found : null
}

/** Of a pair that was swapped in and owes no reload the reload is done; of files that somebody else wrote, when it was noted. */
async function isReloadDue(context: Context, store: VersionStore, found: FoundPair, wish: ReloadWish): Promise<boolean> {
  if (wish !== 'once') return wish
  return orRefuse('Looking for what was reloaded', async () => {
    if (await store.isAdopted()) return false
    return (await store.findReloaded()) !== stampOf(context, found)
  })
}

/** Another one for other files, for the same ones written again, and for another command. */
function stampOf({ files }: Context, { files: found }: FoundPair): string {
  const digest = createHash('sha256').update(JSON.stringify(files.reloadCommand))
  for (const { name } of files.layout.files) {
    const file = found[name] ?? null
    digest.update(JSON.stringify([name, file?.modifiedMs ?? null, file?.bytes.length ?? null])).update(file?.bytes ?? '')
  }
  return digest.digest('hex')
}

function unchanged({ log }: Context, { sha256 }: { readonly sha256: string | null }): DeployEvidence {
  log.say('The files hold this pair already.')
  return { changed: false, previousSha256: sha256, reloaded: false, log: log.lines }
}

/** The pair was there. @throws AppError `deployRefused` when a command failed */
async function reloadedAlone(
  context: Context,
  store: VersionStore,
  found: FoundPair,
  outcome: Extract<Outcome, { is: 'in' | 'back' }>,
): Promise<DeployEvidence> {
  const { log } = context
  if (outcome.is === 'in') {
    context.onStep('reloaded')
    await noteReloaded(context, store, found)
    return { changed: false, previousSha256: found.sha256, reloaded: outcome.reload !== null, log: log.lines }
  }
  const { command, result } = outcome.failure
  throw new AppError(
    'deployRefused',
    `Reloading for ${placeOf(context)}: the ${command} command failed (${result.ending}); the files hold this pair already and were left as they are: correct what the command reports, then deploy again.${withOutput(result)}`,
    { facts: { command, ending: result.ending, held: true, log: log.lines } },
  )
}

/** What is not noted is reloaded once more. Links into the store say it themselves. */
async function noteReloaded(context: Context, store: VersionStore, found: FoundPair): Promise<void> {
  try {
    if (!(await store.isAdopted())) await store.noteReloaded(stampOf(context, found))
  } catch (error) {
    context.log.say(
      `The reload cannot be noted (${error instanceof Error ? error.message : 'unknown'}); the next deployment may repeat it.`,
    )
  }
}

/** What a failed command goes back to. */
interface Fallback extends PendingReload {
  /** The server may have read something else since: reload it after going back, whichever command failed. */
  readonly mustReload: boolean
}

interface Installation {
  readonly member: Member
  changed(): boolean
  /** The files held the pair and are left as they are: these; null: they did not. */
  kept(): FoundPair | null
  /** Known once it was put in. */
  fallback(): Fallback
  /** Gives the lock back. */
  end(): Promise<void>
}

interface Installing {
  readonly wanted: CheckedPair
  /** Also what is there already. */
  readonly mustReload: ReloadWish
}

function createInstallation(context: Context, store: VersionStore, { wanted, mustReload }: Installing): Installation {
  const { files, log } = context
  let release = (): Promise<void> => Promise.resolve()
  let isChanged = false
  let isBack = false
  let kept: FoundPair | null = null
  let fallback: Fallback = { previousVersion: null, previousSha256: null, mustReload: false }
  const member: Member = {
    testCommand: files.testCommand ?? null,
    reloadCommand: files.reloadCommand ?? null,
    timeoutSeconds: files.commandTimeoutSeconds,
    canGoBack: true,
    mustReload: () => fallback.mustReload,
    begin: async (batch) => {
      release = await lock(context, store, batch)
      // Another deployment may have ended between the first look and the lock.
      kept = await findApplied(context, store, wanted)
      if (kept !== null) return (await isReloadDue(context, store, kept, mustReload)) ? { mustBeHealthy: true } : null
      const found = await readFound(context, store)
      // A test that fails before anything was touched is not about our pair. It is only asked when the pair that is there is sound:
      // otherwise the test may fail just because the certificate is missing or broken, and this deployment is the cure.
      return { mustBeHealthy: found.isSound && !isSamePair(found, wanted) }
    },
    refuse: (result) => brokenBefore(context, result),
    putIn: async () => {
      if (kept !== null) return log.say('The files hold this pair already: reloading the server, which may not have read it.')
      // Taken back for another's fault: the server has what is in the files.
      if (isBack && !fallback.mustReload) await store.clearPendingReload()
      const found = await readFound(context, store)
      const pending = await findPending(store)
      isChanged = !isSamePair(found, wanted)
      if (isChanged || pending === null) fallback = await putIn(context, store, { found, wanted })
      else {
        log.say('An earlier deployment of this pair was interrupted before its reload: finishing it.')
        fallback = { ...pending, mustReload: true }
      }
    },
    putBack: async (failure) => {
      if (kept !== null) return
      await putBackFor(context, store, fallback, failure)
      isBack = true
      log.say(`Rolled back: ${restoredOf(fallback)}.`)
    },
    placed: () => context.onStep('tested'),
    run: (command, timeoutSeconds) => context.host.run(command, timeoutSeconds * 1_000),
    tell: (command, result) => log.command(command, result),
  }
  return { member, changed: () => isChanged, kept: () => kept, fallback: () => fallback, end: () => release() }
}

interface PutIn {
  readonly found: FoundPair
  readonly wanted: CheckedPair
}

async function putIn(context: Context, store: VersionStore, { found, wanted }: PutIn): Promise<Fallback> {
  const contents = await context.files.layout.render(wanted)
  const wantedBytes = Object.values(contents).reduce((sum, bytes) => sum + bytes.length, 0)
  await ensureSpace(context.host, store, found, wantedBytes)
  const fallback = await orRefuse('Putting the new pair in place', async () => {
    try {
      await store.prune()
      return await swap(context, store, { found, contents, sha256: wanted.sha256 })
    } catch (error) {
      await forgetAttempt(store)
      throw error
    }
  })
  context.log.say(`Swapped in ${nameOf(wanted.sha256)} for ${nameOf(found.sha256)}.`)
  context.onStep('swapped')
  return fallback
}

interface Wanted {
  readonly found: FoundPair
  readonly contents: Readonly<Record<string, Uint8Array>>
  readonly sha256: string
}

/** Everything up to the instant in which the pair changes. */
async function swap(context: Context, store: VersionStore, { found, contents, sha256 }: Wanted): Promise<Fallback> {
  const { files, host, onStep, log } = context
  const rights = await rightsFor(host, { layout: files.layout, store: store.folder }, found)
  for (const { name } of files.layout.files) for (const loss of rights[name]?.losses ?? []) log.say(warningOf(loss))
  const withRights = (of: Readonly<Record<string, Uint8Array | null>>, kind: 'wanted' | 'kept'): Files =>
    Object.fromEntries(
      Object.entries(of).map(([name, bytes]) => {
        const own = rights[name]?.[kind]
        return [name, bytes === null || own === undefined ? null : { bytes, ...own }]
      }),
    )
  const version = await store.writeVersion(sha256, withRights(contents, 'wanted'))
  log.say(`Staged ${nameOf(sha256)} in ${store.folder}.`)
  for (const { wanted } of Object.values(rights))
    for (const loss of await findNarrowed(host, join(store.folder, version), wanted)) log.say(warningOf(loss))
  onStep('versionWritten')
  const foundBytes = Object.fromEntries(Object.entries(found.files).map(([name, file]) => [name, file?.bytes ?? null]))
  await store.adopt({ sha256: found.sha256, files: withRights(foundBytes, 'kept') }, onStep)
  onStep('adopted')
  const isEmpty = Object.values(found.files).every((file) => file === null)
  if (!isEmpty && !found.isSound) log.say('What was there was not a matching pair; it is kept as it was.')
  const interrupted = await store.findPendingReload()
  const previous = { previousVersion: await store.findCurrent(), previousSha256: found.sha256 }
  await store.prepareFallback(previous.previousVersion)
  await store.markPendingReload(previous)
  onStep('marked')
  try {
    await store.swapTo(version)
  } catch (error) {
    // The swap may have taken place and only the flushing failed.
    await putBack(store, previous)
    await (interrupted === null ? store.clearPendingReload() : store.markPendingReload(interrupted))
    throw error
  }
  return { ...previous, mustReload: interrupted !== null }
}

function warningOf({ path, kind }: Loss): string {
  if (kind === 'lost')
    return `Warning: the ACL of ${path} is not kept: getfacl and setfacl are missing: install the package acl, then set it again.`
  if (kind === 'unknown')
    return `Warning: whether ${path} has an ACL cannot be told, and none is kept: getfacl and setfacl cannot be run there: see docs/targets.md.`
  return `Warning: ${path} may keep out some who could read the key until now: it is kept there from now on: let them enter that folder.`
}

/** Best effort, after an error whose own text matters more: the next deployment removes what stays. */
async function forgetAttempt(store: VersionStore): Promise<void> {
  try {
    if ((await store.findCurrent()) === null) await store.detach()
    await store.prune()
  } catch {
    // A full or read-only disk may refuse this too, and a lost connection does.
  }
}

/** @throws AppError that names both faults, when the disk no longer lets the previous pair be put back */
async function putBackFor(
  context: Context,
  store: VersionStore,
  fallback: Fallback,
  { command, result }: Failure,
): Promise<void> {
  try {
    await orRefuse('Putting back the previous pair', () => putBack(store, fallback))
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code === 'targetUnreachable') throw cause
    context.log.say('Could not put back the previous pair.')
    throw new AppError(
      cause.code,
      `Deploying to ${placeOf(context)}: the ${command} command failed (${result.ending}), and the new pair is still in the files, while the server goes on with what it read last. ${cause.message}. Then deploy again, and the previous pair is put back.${withOutput(result)}`,
      { cause, facts: { command, ending: result.ending, log: context.log.lines } },
    )
  }
}

function restoredOf({ previousVersion, previousSha256 }: PendingReload): string {
  return previousVersion === null ? 'the files were removed again' : `${nameOf(previousSha256)} was put back`
}

/** What was there is back. After a failed test the server still has it in memory; after a failed reload it had to read it again. */
async function rolledBack(
  context: Context,
  store: VersionStore,
  fallback: Fallback,
  { failure, reload }: Extract<Outcome, { is: 'back' }>,
): Promise<AppError> {
  const { command, result } = failure
  await tidyUpRollback(context, store)
  const after = reload === null ? '' : reload.ok ? ' and reloaded' : `, but the reload failed again (${reload.ending})`
  return new AppError(
    'rolledBack',
    `Deploying to ${placeOf(context)}: the ${command} command failed (${result.ending}), ${restoredOf(fallback)}${after}: correct what the command reports, then deploy again.${withOutput(result)}`,
    { facts: { command, ending: result.ending, previousSha256: fallback.previousSha256, log: context.log.lines } },
  )
}

/** What stays is the next deployment's, and hides nothing of why this one failed. */
async function tidyUpRollback({ log }: Context, store: VersionStore): Promise<void> {
  try {
    await store.clearPendingReload()
    await store.prune()
  } catch (error) {
    if (error instanceof AppError) throw error
    log.say(`Tidying up after the rollback failed (${error instanceof Error ? error.message : 'unknown'}).`)
  }
}

function withOutput({ output }: CommandResult): string {
  return output === '' ? '' : `\n${output}`
}

function brokenBefore(context: Context, result: CommandResult): AppError {
  return new AppError(
    'deployRefused',
    `Testing the configuration of ${placeOf(context)} before the deployment: it is broken already (${result.ending}), nothing was changed: correct it, then deploy again.${withOutput(result)}`,
    { facts: { command: 'test', ending: result.ending, log: context.log.lines } },
  )
}
