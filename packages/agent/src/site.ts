/**
 * One site of this host: its pair, installed, tested, reloaded, looked at, and taken back when it is not what the site then serves.
 *
 * @module
 */
import type { CertificatePair, DeployEvidence, RestoreEvidence } from '@evercert/contract'
import { AppError } from '@evercert/contract/app-error'
import { oneFile, twoFiles } from '@evercert/pair-files/layout'
import { localHost } from '@evercert/pair-files/local-host'
import { createPairTarget, type PairTarget } from '@evercert/pair-files/pair-target'
import { pause } from '@evercert/pair-files/pause'
import type { Gathering } from '@evercert/pair-files/reload-turns'
import { createStepLog } from '@evercert/pair-files/step-log'
import type { ProbeConfig, SiteConfig } from './config.ts'
import { lookAt, type Look } from './look.ts'
import type { Begun } from './state.ts'

/** Between two looks. */
const LOOK_MS = 250

export interface Site {
  /** SHA-256 of the leaf that the files hold; null when none can be read. */
  inspect(): Promise<string | null>
  /** @throws AppError `deployRefused`, `rolledBack`, `conflict`, …; the log is in its facts */
  install(pair: CertificatePair): Promise<DeployEvidence>
  /** @throws AppError `deployRefused` */
  restore(refused: string): Promise<RestoreEvidence>
}

/** What a site is opened with, when somebody watches. */
export interface SiteUse {
  /** Told each line of the log as it is said, in the order of the log. */
  readonly onLine?: ((line: string) => void) | undefined
  readonly gathering?: Gathering | undefined
  /** Of the piece of work; without it, what was begun before a crash is not known. */
  readonly memory?: Memory | undefined
}

/** What is known of a piece of work that was begun before, maybe by a process that died. */
export interface Memory {
  find(): Begun | null
  note(begun: Begun): void
}

export function openSite(config: SiteConfig, { onLine, gathering, memory }: SiteUse = {}): Site {
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
    install: (pair) => install(config, target, pair, { onLine, memory }),
    restore: (refused) => target.restore(refused),
  }
}

async function install(
  config: SiteConfig,
  target: PairTarget,
  pair: CertificatePair,
  { onLine, memory }: SiteUse,
): Promise<DeployEvidence> {
  const log = createStepLog(Date.now, onLine)
  const { begun, before } = await lookBefore(config.probe, log, memory)
  const lead = [...log.lines]
  const evidence = await target.apply(pair)
  if (config.probe === null) return evidence
  const after = await waitUntilServed(config.probe, pair.sha256)
  const own = createStepLog(Date.now, onLine)
  own.say(`After: ${after.said}.`)
  const lines = [...lead, ...evidence.log, ...own.lines]
  // Who did not answer before either is not mended by going back.
  const isWorse = after.sha256 !== pair.sha256 && (after.sha256 !== null || before?.servedSha256 !== null)
  // Who died over it swapped maybe: then the files are as they are by us, though nothing was left to change.
  if (!isWorse || (!evidence.changed && begun === null)) return { ...evidence, log: lines }
  throw await takeBack(config.probe, target, { pair, after, before, lines, onLine })
}

/** What was served before it was begun; after a crash that is known from the first time alone. */
async function lookBefore(
  probe: ProbeConfig | null,
  log: { say(line: string): void },
  memory: Memory | undefined,
): Promise<{ readonly begun: Begun | null; readonly before: Begun | null }> {
  const begun = memory?.find() ?? null
  const seen = await look(probe)
  if (seen === null) return { begun, before: begun }
  log.say(`Before: ${seen.said}.`)
  const before = begun ?? { servedSha256: seen.sha256 }
  if (begun === null) memory?.note(before)
  else log.say('This was begun before, and broken off.')
  return { begun, before }
}

interface Failed {
  readonly pair: CertificatePair
  readonly before: Begun | null
  readonly after: Look
  readonly lines: readonly string[]
  readonly onLine: SiteUse['onLine']
}

async function takeBack(
  probe: ProbeConfig,
  target: PairTarget,
  { pair, before, after, lines, onLine }: Failed,
): Promise<AppError> {
  const restored = await target.restore(pair.sha256)
  const again =
    before === null || before.servedSha256 === null ? await look(probe) : await waitUntilServed(probe, before.servedSha256)
  const log = createStepLog(Date.now, onLine)
  log.say(`Put back what was there before; now ${again?.said ?? 'nobody looks'}.`)
  return new AppError(
    'rolledBack',
    `after the reload ${after.said} and not the new certificate ${pair.sha256.slice(0, 16)}…, so the previous pair was put back, and ${again?.said ?? ''}: see what the reload command does, then deploy again.`,
    { facts: { log: [...lines, ...restored.log, ...log.lines] } },
  )
}

async function waitUntilServed(probe: ProbeConfig, wanted: string): Promise<Look> {
  const until = Date.now() + probe.waitSeconds * 1_000
  for (;;) {
    const seen = await lookAt(probe)
    if (seen.sha256 === wanted || Date.now() >= until) return seen
    await pause(LOOK_MS)
  }
}

async function look(probe: ProbeConfig | null): Promise<Look | null> {
  return probe === null ? null : lookAt(probe)
}
