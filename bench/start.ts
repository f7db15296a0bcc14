/**
 * From `evercert serve` to ready: the first 200 of /readyz. On a new folder once, on an existing one several times; beside them what
 * cannot be left out: Node alone, and Node opening the same database.
 *
 *     npm run bench:start -- [--starts 5] [--json]
 *
 * @module
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEvercert } from './support/evercert.ts'
import { readOptions } from './support/options.ts'
import { readProcessUsage } from './support/process-usage.ts'
import { createReport, median, seconds } from './support/report.ts'
import { runToEnd } from './support/run-to-end.ts'
import { onStage } from './support/stage.ts'

const MAX_MS = 5 * 60_000
const RUN_TIMEOUT_MS = 60_000
const AIM_MS = 2000
const OPEN_DATABASE = fileURLToPath(new URL('open-database.ts', import.meta.url))

interface Start {
  readonly ms: number
  readonly cpuMs: number | null
  readonly peakMb: number | null
}

const options = readOptions({ starts: '5', json: false, strict: false })
const starts = options.count('starts')
const report = createReport(options.isOn('json'))

await onStage('start', MAX_MS, async ({ folder }) => {
  report.line('From `evercert serve` to ready, embedded database')
  const dataDir = join(folder, 'data')
  const fresh = await report.step('new folder', () => start(dataDir))
  const existing: Start[] = []
  const node: number[] = []
  const database: number[] = []
  for (let number = 1; number <= starts; number++) {
    existing.push(await report.step(`existing folder, start ${number}`, () => start(dataDir)))
    node.push(await time(['-e', '0']))
    database.push(await time([OPEN_DATABASE, join(dataDir, 'database')]))
  }
  const results = {
    newFolder: fresh,
    existingFolder: {
      ms: median(existing.map(({ ms }) => ms)),
      cpuMs: medianOrNull(existing.map(({ cpuMs }) => cpuMs)),
      peakMb: medianOrNull(existing.map(({ peakMb }) => peakMb)),
    },
    nodeAlone: { ms: median(node), cpuMs: null, peakMb: null },
    databaseAlone: { ms: median(database), cpuMs: null, peakMb: null },
  }
  const verdict = report.judge(results.existingFolder.ms < AIM_MS)
  if (options.isOn('json')) {
    process.stdout.write(`${JSON.stringify({ bench: 'start', starts, aimMs: AIM_MS, results, verdict }, null, 2)}\n`)
    return
  }
  const row = (name: string, { ms, cpuMs, peakMb }: Start, aim = ''): string[] => [
    name,
    seconds(ms),
    cpuMs === null ? '' : seconds(cpuMs),
    peakMb === null ? '' : `${peakMb.toFixed(0)} MB`,
    aim,
  ]
  report.line()
  report.table([
    ['', 'time', 'CPU', 'peak memory', 'aim'],
    row('evercert serve, new folder', results.newFolder),
    row(`evercert serve, existing folder (median of ${starts})`, results.existingFolder, `< ${AIM_MS / 1000} s: ${verdict}`),
    row('node -e 0', results.nodeAlone),
    row('node, opening the same database', results.databaseAlone),
  ])
})
process.exit(report.exitCode(options.isOn('strict')))

async function start(dataDir: string): Promise<Start> {
  const evercert = await startEvercert({ dataDir })
  const usage = readProcessUsage(evercert.process.pid)
  await evercert.process.stop()
  return { ms: evercert.readyMs, cpuMs: usage?.cpuMs ?? null, peakMb: usage?.peakMb ?? null }
}

async function time(args: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  await runToEnd({ command: process.execPath, args, timeoutMs: RUN_TIMEOUT_MS })
  return performance.now() - startedAt
}

function medianOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : median(known)
}
