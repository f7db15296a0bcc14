/**
 * Evercert as a process that a test may end at a chosen instant: the same composition as `evercert serve`, with a hook that kills it. The
 * product has no such switch. Settings come from the environment as ever; orders and answers go over the channel to the parent.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { loadConfig } from '../../packages/server/src/config/config.ts'
import { startService, type RunningService } from '../../packages/server/src/main.ts'
import { QUICK_LOOKS } from '../../packages/server/test/support/looks.ts'
import { audit, type Audit } from '../e2e/support/audit.ts'

export type Moment = 'intended' | 'announced' | 'done' | 'recorded'

export interface KillPoint {
  readonly step: string
  readonly moment: Moment
}

export type Command =
  | { readonly kind: 'arm'; readonly point: KillPoint; readonly signal: 'SIGKILL' | 'SIGTERM' }
  | { readonly kind: 'setClock'; readonly offsetMs: number }
  | { readonly kind: 'audit'; readonly oldCertificateId: string }

export type Report =
  | { readonly kind: 'ready'; readonly url: string; readonly token: string; readonly firstOperatorLink: string | null }
  | { readonly kind: 'step'; readonly point: KillPoint }
  | { readonly kind: 'obeyed' }
  | { readonly kind: 'audit'; readonly audit: Audit }
  | { readonly kind: 'failed'; readonly problem: string }

/**
 * A dead worker's job is free after ten seconds; looking every second instead of every fifteen shortens the test, not the rule. What is due is looked
 * for, and who listens is told, more often for the same reason.
 */
const WORKER = { tidyMs: 1000, pollMs: 500, scanMs: 250 } as const

// A process that lives for seconds earns nothing from optimised WebAssembly.
setFlagsFromString('--liftoff-only')

let armed: Extract<Command, { kind: 'arm' }> | null = null
let clockOffsetMs = Number(process.argv[2] ?? 0)

function onStep(step: string, moment: Moment): void {
  if (armed?.point.step === step && armed.point.moment === moment) {
    const { signal } = armed
    armed = null
    process.kill(process.pid, signal)
  }
  tell({ kind: 'step', point: { step, moment } })
}

function tell(report: Report): void {
  if (process.connected) process.send?.(report)
}

async function obey(running: RunningService, command: Command): Promise<void> {
  if (command.kind === 'audit') return tell({ kind: 'audit', audit: await audit(running.services, command.oldCertificateId) })
  if (command.kind === 'arm') armed = command
  else clockOffsetMs = command.offsetMs
  tell({ kind: 'obeyed' })
}

// The parent's end of the channel goes with the parent, however it ended: then this process has no purpose.
process.once('disconnect', () => process.exit(0))
const running = await startService({
  config: loadConfig(process.env),
  now: () => Date.now() + clockOffsetMs,
  onStep,
  worker: WORKER,
  looks: QUICK_LOOKS,
})
process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)))
process.on('message', (command: Command) => {
  obey(running, command).catch((error: unknown) => tell({ kind: 'failed', problem: String(error) }))
})
tell({
  kind: 'ready',
  url: running.url,
  token: readFileSync(running.operatorTokenFile ?? '', 'utf8').trim(),
  firstOperatorLink: running.firstOperatorLink,
})
