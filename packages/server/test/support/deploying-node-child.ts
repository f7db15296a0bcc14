/**
 * A node of the service as a process of its own, which works when it is told to. It goes on from its first deployment when the other node is at its first, too:
 * each has claimed some by then. Settings come from the environment.
 *
 * @module
 */
import { existsSync, writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { loadConfig } from '../../src/config/config.ts'
import { DEFAULT_WORKER_SETTINGS, startWorker } from '../../src/jobs/worker.ts'
import { startService } from '../../src/main.ts'
import { createPlaces } from '../../src/services/advance/places.ts'
import { IDLE_WORKER } from './service.ts'

export type Report = { readonly kind: 'ready' } | { readonly kind: 'deploys'; readonly moment: 'intended' | 'announced' }

/** So that none claims all that there is at once. */
const CONCURRENCY = 8
const PATIENCE_MS = 20_000

const [own = '', other = ''] = process.argv.slice(2)
setFlagsFromString('--liftoff-only') // a process that lives for seconds

function tell(report: Report): void {
  if (process.connected) process.send?.(report)
}

function meet(): void {
  if (existsSync(own)) return
  writeFileSync(own, '')
  const ticks = new Int32Array(new SharedArrayBuffer(4))
  for (let waitedMs = 0; !existsSync(other) && waitedMs < PATIENCE_MS; waitedMs += 10) Atomics.wait(ticks, 0, 0, 10)
}

process.once('disconnect', () => process.exit(0))
const { services } = await startService({
  config: loadConfig(process.env),
  worker: IDLE_WORKER,
  onStep: (step, moment) => {
    if (step !== 'deploy' || (moment !== 'intended' && moment !== 'announced')) return
    if (moment === 'intended') meet()
    tell({ kind: 'deploys', moment })
  },
})
process.once('message', () => {
  const settings = { ...DEFAULT_WORKER_SETTINGS, concurrency: CONCURRENCY, pollMs: 100, scanMs: 200, tidyMs: 300 }
  startWorker({ ...services, places: createPlaces(CONCURRENCY) }, settings)
})
tell({ kind: 'ready' })
