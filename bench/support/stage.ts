/**
 * A temporary folder and what has to end with the bench: in every case, also when it fails or is interrupted.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Stage {
  readonly folder: string
  /** Done at the end, the last one first. */
  add(end: () => Promise<void>): void
}

const EXIT_INTERRUPTED = 130
const EXIT_OUT_OF_TIME = 1

/** Runs a bench for a bounded time. Processes of the harness die with this one, however it ends. */
export async function onStage(name: string, maxMs: number, work: (stage: Stage) => Promise<void>): Promise<void> {
  forgetSettings()
  const folder = mkdtempSync(join(tmpdir(), `evercert-${name}-`))
  const ends: (() => Promise<void>)[] = []
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(EXIT_INTERRUPTED))
  const timer = setTimeout(() => {
    process.stderr.write(`The bench did not end within ${maxMs / 60_000} minutes and was stopped.\n`)
    process.exit(EXIT_OUT_OF_TIME)
  }, maxMs)
  try {
    await work({ folder, add: (end) => void ends.push(end) })
  } finally {
    for (const end of ends.toReversed()) await end().catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
    clearTimeout(timer)
  }
}

/** Settings of a real installation on this machine are none of the bench's. */
function forgetSettings(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('EVERCERT_')) delete process.env[name]
}
