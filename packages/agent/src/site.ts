/**
 * One site of this host: its pair, installed, tested, reloaded, looked at, and taken back when it is not what the site then serves.
 *
 * @module
 */
import type { CertificatePair, DeployEvidence, RestoreEvidence } from '@evercert/contract'
import { AppError } from '@evercert/contract/app-error'
import { oneFile, twoFiles } from '@evercert/pair-files/layout'
import { localHost } from '@evercert/pair-files/local-host'
import { checkPair } from '@evercert/pair-files/pair'
import { createPairTarget, type PairTarget } from '@evercert/pair-files/pair-target'
import { pause } from '@evercert/pair-files/pause'
import type { Gathering } from '@evercert/pair-files/reload-turns'
import { createStepLog } from '@evercert/pair-files/step-log'
import type { ProbeConfig, SiteConfig } from './config.ts'
import { kindOf, lookAt, type Look } from './look.ts'
import type { Begun } from './state.ts'

/** Between two looks. */
const LOOK_MS = 250

export interface Site {
  /** SHA-256 of the leaf that the files hold; null when none can be read. */
  inspect(): Promise<string | null>
  /**
   * @param again a person asked for it anew: the server is reloaded whatever it serves
   * @throws AppError `deployRefused`, `rolledBack`, `conflict`, …; the log is in its facts
   */
  install(pair: CertificatePair, again?: boolean): Promise<DeployEvidence>
  /** @throws AppError `deployRefused` */
  restore(refused: string): Promise<RestoreEvidence>
}

/** What a site is opened with, when somebody watches. */
export interface SiteUse {
  /** Told each line of the log as it is said, in the order of the log. */
  readonly onLine?: ((line: string) => void) | undefined
  readonly gathering?: Gathering | undefined
  /** Of the piece of work: kept over the death of the process. Without it the work is done at most once. */
  readonly begun?: KeptBegun | undefined
}

export interface KeptBegun {
  find(): Begun | null
  /** @throws the error of the file system */
  keep(begun: Begun): void
}

export function openSite(config: SiteConfig, use: SiteUse = {}): Site {
  const { onLine, gathering } = use
  const { certificatePath, keyPath, testCommand, reloadCommand, commandTimeoutSeconds } = config
  const target = createPairTarget({
    layout: keyPath === null ? oneFile(certificatePath) : twoFiles({ certificatePath, keyPath }),
    testCommand: testCommand ?? undefined,
    reloadCommand: reloadCommand ?? undefined,
    commandTimeoutSeconds,
    hostName: localHost.name,
    openHost: () => Promise.resolve(localHost),
    now: Date.now,
    onLogLine: onLine,
    gathering,
  })
  return {
    inspect: async () => (await target.inspect()).sha256,
    install: (pair, again = false) => install(config, target, { pair, again }, use),
    restore: (refused) => target.restore(refused),
  }
}

async function install(
  { probe }: SiteConfig,
  target: PairTarget,
  { pair, again }: { readonly pair: CertificatePair; readonly again: boolean },
  { onLine, begun }: SiteUse,
): Promise<DeployEvidence> {
  checkPair(pair)
  const log = createStepLog(Date.now, onLine)
  const kind = kindOf(pair.chainPem)
  const look = (place: ProbeConfig): Promise<Look> => lookAt(place, kind)
  const interrupted = begun?.find() ?? null
  const before = interrupted ?? (await begin(probe, { target, look }))
  if (probe !== null) log.say(`Before: ${before.said}.`)
  if (interrupted === null) keep(begun, before, (line) => log.say(line))
  if (again) log.say('Asked for anew: the files are checked and the server is reloaded, also where it has the pair already.')
  const lead = [...log.lines]
  // The try that was interrupted may have put it there.
  const wasOurs = interrupted !== null && interrupted.held !== pair.sha256
  const evidence = await target.apply(pair, {
    mustReload: again || (await isReloadDue(probe, pair, { before, interrupted, look })),
  })
  const isOurs = evidence.changed || wasOurs
  const previousSha256 = evidence.changed ? evidence.previousSha256 : before.held
  if (probe === null) return { ...evidence, changed: isOurs, previousSha256, log: [...lead, ...evidence.log] }
  const after = await waitUntilServed(probe, pair.sha256, look)
  const own = createStepLog(Date.now, onLine)
  own.say(`After: ${after.said}.`)
  const lines = [...lead, ...evidence.log, ...own.lines]
  if (!isOurs || !isWorse(pair, before, after)) return { ...evidence, changed: isOurs, previousSha256, log: lines }
  throw await takeBack(probe, target, { pair, after, before, lines, onLine, look })
}

/** Who did not answer before either is not mended by going back. */
function isWorse({ sha256 }: CertificatePair, before: Begun, after: Look): boolean {
  return after.sha256 !== sha256 && (after.sha256 !== null || before.served !== null)
}

interface Earlier {
  readonly before: Begun
  readonly interrupted: Begun | null
  readonly look: LookAt
}

/** For the kind of key that the pair has. */
type LookAt = (place: ProbeConfig) => Promise<Look>

/**
 * Whether the server is reloaded also if the files hold the pair already: it serves another one; where nobody can tell, once. What was put there with a
 * reload, or without, is known to the files.
 */
async function isReloadDue(
  probe: ProbeConfig | null,
  { sha256 }: CertificatePair,
  { before, interrupted, look }: Earlier,
): Promise<boolean | 'once'> {
  if (probe === null) return 'once'
  return (interrupted === null ? before.served : (await look(probe)).sha256) !== sha256
}

async function begin(
  probe: ProbeConfig | null,
  { target, look }: { readonly target: PairTarget; readonly look: LookAt },
): Promise<Begun> {
  const { sha256: held } = await target.inspect()
  if (probe === null) return { held, served: null, said: 'nobody looks' }
  const { sha256: served, said } = await look(probe)
  return { held, served, said }
}

/** A disk that is full keeps nothing: the work is done all the same, and only a death in the middle of it is judged by less. */
function keep(begun: KeptBegun | undefined, before: Begun, say: (line: string) => void): void {
  try {
    begun?.keep(before)
  } catch (error) {
    say(`What was there before cannot be noted: ${error instanceof Error ? error.message : 'unknown'}.`)
  }
}

interface Failed {
  readonly pair: CertificatePair
  readonly before: Begun
  readonly after: Look
  readonly lines: readonly string[]
  readonly onLine: SiteUse['onLine']
  readonly look: LookAt
}

async function takeBack(
  probe: ProbeConfig,
  target: PairTarget,
  { pair, before, after, lines, onLine, look }: Failed,
): Promise<AppError> {
  const restored = await target.restore(pair.sha256)
  const again = before.served === null ? await look(probe) : await waitUntilServed(probe, before.served, look)
  const log = createStepLog(Date.now, onLine)
  log.say(`Put back what was there before; now ${again.said}.`)
  return new AppError(
    'rolledBack',
    `after the reload ${after.said} and not the new certificate ${pair.sha256.slice(0, 16)}…, so the previous pair was put back, and ${again.said}: see what the reload command does, then deploy again.`,
    { facts: { log: [...lines, ...restored.log, ...log.lines] } },
  )
}

async function waitUntilServed(probe: ProbeConfig, wanted: string, look: LookAt): Promise<Look> {
  const until = Date.now() + probe.waitSeconds * 1_000
  for (;;) {
    const seen = await look(probe)
    if (seen.sha256 === wanted || Date.now() >= until) return seen
    await pause(LOOK_MS)
  }
}
