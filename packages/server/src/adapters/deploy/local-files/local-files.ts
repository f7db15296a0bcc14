/**
 * Deploys into files on this machine, for servers that read a certificate file and a key file and can be reloaded: nginx, Apache,
 * HAProxy, Postfix and others. It proves nothing: whether the server serves the pair is seen by probing it.
 *
 * SELinux labels and ACLs are those that the folder gives; owner, group and mode of replaced files are kept.
 *
 * @module
 */
import { AppError } from '../../../domain/errors.ts'
import { deployAdapter, type CertificatePair, type DeployEvidence, type DeployTarget } from '../../../ports/deploy.ts'
import type { AdapterKit } from '../../../ports/kit.ts'
import { runCommand, type CommandResult } from './command.ts'
import { localFilesConfig, type LocalFilesConfig } from './config.ts'
import { orRefuse } from './durable-files.ts'
import { ensureSpace } from './free-space.ts'
import { takeLock } from './lock.ts'
import { checkPair, isSamePair, readFoundPair, readLeafSha256, type CheckedPair, type FoundPair } from './pair.ts'
import { rightsFor } from './rights.ts'
import { openVersionStore, type PendingReload, type VersionStore } from './version-store.ts'

export const localFiles = deployAdapter({
  kind: 'deploy',
  id: 'localFiles',
  title: 'Files on this machine',
  apiDocs: 'https://man7.org/linux/man-pages/man2/rename.2.html',
  config: localFilesConfig,
  create: (config, kit) => localFilesTarget(config, kit),
})

/** The instants between which a crash may fall, in their order. */
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
  | 'unmarked'
  | 'remembered'
  | 'pruned'

/** @param onStep called after each step; tests let the process die there */
export function localFilesTarget(
  config: LocalFilesConfig,
  kit: AdapterKit,
  onStep: (step: Step) => void = () => {},
): DeployTarget {
  return {
    inspect: () =>
      orRefuse('Reading the certificate that is there', async () => ({ sha256: await readLeafSha256(config.certificatePath) })),
    apply: (pair) => apply({ config, kit, onStep, log: [] }, pair),
  }
}

interface Context {
  readonly config: LocalFilesConfig
  readonly kit: AdapterKit
  readonly onStep: (step: Step) => void
  readonly log: string[]
}

async function apply(context: Context, pair: CertificatePair): Promise<DeployEvidence> {
  const wanted = checkPair(pair)
  const store = await orRefuse('Looking at the folders of the files', () => openVersionStore(context.config))
  const found = await readFound(context)
  const pending = await findPending(store)
  if (isSamePair(found, wanted) && pending === null) {
    return { changed: false, previousSha256: found.sha256, reloaded: false, log: ['The files hold this pair already.'] }
  }
  if (!isSamePair(found, wanted)) {
    await ensureHealthyConfiguration(context, found)
    await ensureSpace(store, found, wanted)
  }
  return withLock(context, store, () => applyLocked(context, store, wanted))
}

async function withLock<Value>(context: Context, store: VersionStore, work: () => Promise<Value>): Promise<Value> {
  const { config, kit } = context
  // Test, reload, and the reload of a rollback, and as much again for the files.
  const staleAfterMs = 6 * config.commandTimeoutSeconds * 1_000
  const release = await orRefuse('Preparing the folder for the versions', async () => {
    await store.ensureFolder()
    return takeLock(store.lockPath, { now: kit.now(), staleAfterMs })
  })
  try {
    context.onStep('locked')
    return await work()
  } finally {
    await release()
    await store.removeIfUnused()
  }
}

// The state is read again: another deployment may have ended between the first look and the lock.
async function applyLocked(context: Context, store: VersionStore, wanted: CheckedPair): Promise<DeployEvidence> {
  const found = await readFound(context)
  const pending = await findPending(store)
  if (!isSamePair(found, wanted)) return deploy(context, store, found, wanted)
  if (pending !== null) return finishInterrupted(context, store, pending)
  return { changed: false, previousSha256: found.sha256, reloaded: false, log: ['The files hold this pair already.'] }
}

/** What a failed command goes back to. */
interface Fallback extends PendingReload {
  /** The server may have read something else since: reload it after going back, whichever command failed. */
  readonly mustReload: boolean
}

async function deploy(context: Context, store: VersionStore, found: FoundPair, wanted: CheckedPair): Promise<DeployEvidence> {
  const { log, onStep } = context
  const fallback = await orRefuse('Putting the new pair in place', async () => {
    try {
      await store.prune()
      return await swap(context, store, found, wanted)
    } catch (error) {
      await forgetAttempt(store)
      throw error
    }
  })
  log.push(`Swapped in ${nameOf(wanted.sha256)} for ${nameOf(found.sha256)}.`)
  onStep('swapped')
  const reloaded = await testAndReload(context, store, fallback)
  await tidyUp(context, store, fallback)
  return { changed: true, previousSha256: found.sha256, reloaded, log }
}

/** Everything up to the instant in which the pair changes. */
async function swap(context: Context, store: VersionStore, found: FoundPair, wanted: CheckedPair): Promise<Fallback> {
  const { config, onStep, log } = context
  const rights = await rightsFor(config, found)
  const version = await store.writeVersion(wanted.sha256, {
    certificate: { bytes: Buffer.from(wanted.certificatePem), ...rights.certificate },
    key: { bytes: Buffer.from(wanted.keyPem), ...rights.key },
  })
  onStep('versionWritten')
  await store.adopt({ ...found, key: found.key && { ...found.key, mode: rights.keptKeyMode } }, onStep)
  onStep('adopted')
  if (found.certificate !== null && !found.isSound) log.push('What was there was not a matching pair; it is kept as it was.')
  const interrupted = await store.findPendingReload()
  const previous = { previousVersion: await store.findCurrent(), previousSha256: found.sha256 }
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

function putBack(store: VersionStore, { previousVersion }: PendingReload): Promise<void> {
  return previousVersion === null ? store.detach() : store.swapTo(previousVersion)
}

/** Best effort, after an error whose own text matters more: the next deployment removes what stays. */
async function forgetAttempt(store: VersionStore): Promise<void> {
  try {
    if ((await store.findCurrent()) === null) await store.detach()
    await store.prune()
  } catch {
    // A full or read-only disk may refuse this too.
  }
}

/** An earlier run died after the swap: the pair is in place, and perhaps the server does not know. */
async function finishInterrupted(context: Context, store: VersionStore, pending: PendingReload): Promise<DeployEvidence> {
  context.log.push('An earlier deployment of this pair was interrupted before its reload: finishing it.')
  const fallback = { ...pending, mustReload: true }
  const reloaded = await testAndReload(context, store, fallback)
  await tidyUp(context, store, fallback)
  return { changed: false, previousSha256: pending.previousSha256, reloaded, log: context.log }
}

/** @returns whether a reload took place. @throws AppError `rolledBack` after putting back the previous version */
async function testAndReload(context: Context, store: VersionStore, fallback: Fallback): Promise<boolean> {
  const { config, onStep } = context
  const tested = await runStep(context, 'test', config.testCommand)
  if (tested?.ok === false) throw await rollBack(context, store, fallback, { command: 'test', result: tested })
  onStep('tested')
  const reloaded = await runStep(context, 'reload', config.reloadCommand)
  if (reloaded?.ok === false) throw await rollBack(context, store, fallback, { command: 'reload', result: reloaded })
  onStep('reloaded')
  return reloaded !== null
}

interface Failure {
  readonly command: 'test' | 'reload'
  readonly result: CommandResult
}

/** Puts back what was there. After a failed test the server still has it in memory; after a failed reload it must read it again. */
async function rollBack(
  context: Context,
  store: VersionStore,
  fallback: Fallback,
  { command, result }: Failure,
): Promise<AppError> {
  const { config, log } = context
  const { previousSha256, mustReload } = fallback
  await orRefuse('Putting back the previous pair', () => putBack(store, fallback))
  const reload = mustReload || command === 'reload' ? await runStep(context, 'reload', config.reloadCommand) : null
  await orRefuse('Tidying up after the rollback', async () => {
    await store.clearPendingReload()
    await store.prune()
  })
  const restored = fallback.previousVersion === null ? 'the files were removed again' : `${nameOf(previousSha256)} was put back`
  const after = reload === null ? '' : reload.ok ? ' and reloaded' : `, but the reload failed again (${reload.ending})`
  return new AppError(
    'rolledBack',
    `Deploying to ${config.certificatePath}: the ${command} command failed (${result.ending}), ${restored}${after}: correct what the command reports, then deploy again.${withOutput(result)}`,
    { facts: { command, ending: result.ending, previousSha256, log } },
  )
}

function withOutput({ output }: CommandResult): string {
  return output === '' ? '' : `\n${output}`
}

/** The deployment is done; what fails here is repaired by the next one and must not undo it. */
async function tidyUp(context: Context, store: VersionStore, { previousVersion }: Fallback): Promise<void> {
  const { onStep, log } = context
  try {
    await store.clearPendingReload()
    onStep('unmarked')
    await store.rememberPrevious(previousVersion)
    onStep('remembered')
    await store.prune()
    onStep('pruned')
  } catch (error) {
    log.push(
      `Tidying up old versions failed (${error instanceof Error ? error.message : 'unknown'}); the next deployment does it.`,
    )
  }
}

/**
 * A test that fails before anything was touched is not about our pair. It is only asked when the pair that is there is sound:
 * otherwise the test may fail just because the certificate is missing or broken, and this deployment is the cure.
 */
async function ensureHealthyConfiguration(context: Context, found: FoundPair): Promise<void> {
  if (!found.isSound) return
  const tested = await runStep(context, 'test', context.config.testCommand)
  if (tested === null || tested.ok) return
  throw new AppError(
    'deployRefused',
    `Testing the configuration before the deployment: it is broken already (${tested.ending}), nothing was changed: correct it, then deploy again.${withOutput(tested)}`,
    { facts: { command: 'test', ending: tested.ending, log: context.log } },
  )
}

async function runStep(
  context: Context,
  name: 'test' | 'reload',
  command: readonly string[] | undefined,
): Promise<CommandResult | null> {
  if (command === undefined) return null
  const result = await runCommand(command, context.config.commandTimeoutSeconds * 1_000)
  const lines = result.output === '' ? [] : result.output.split('\n')
  context.log.push(`Ran the ${name} command: ${result.ending}.`, ...lines.map((line) => `  ${line.trimEnd()}`))
  return result
}

function readFound({ config }: Context): Promise<FoundPair> {
  return orRefuse('Reading the pair that is there', () => readFoundPair(config.certificatePath, config.keyPath))
}

function findPending(store: VersionStore): Promise<PendingReload | null> {
  return orRefuse('Looking for an interrupted deployment', () => store.findPendingReload())
}

/** Enough to compare by eye. */
function nameOf(sha256: string | null): string {
  return sha256 === null ? 'what was there' : `certificate ${sha256.slice(0, 16)}…`
}
