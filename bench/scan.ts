/**
 * What the rounds of the worker cost by how many certificates are stored and how many of them are due. They run every second, so their cost
 * must follow what is due.
 *
 *     npm run bench:scan -- [--stored 1000,10000,100000] [--rounds 200] [--json] [--strict]
 *
 * @module
 */
import { join } from 'node:path'
import { loadConfig } from '../packages/server/src/config/config.ts'
import { startService } from '../packages/server/src/main.ts'
import { fillInstallation } from './scan/fill.ts'
import { createRounds, type Round } from './scan/rounds.ts'
import { readOptions } from './support/options.ts'
import { createReport, median } from './support/report.ts'
import { onStage } from './support/stage.ts'

const MAX_MS = 30 * 60_000
const NEVER_MS = 3_600_000
const IDLE_WORKER = { concurrency: 0, pollMs: NEVER_MS, scanMs: NEVER_MS, tidyMs: NEVER_MS, sealMs: NEVER_MS }
const AIM = 1.5
/** Rounds with something due are prepared anew each, so they are fewer. */
const ROUNDS_WITH_DUE = 20
const WARM_UP = 20

const options = readOptions({ stored: '1000,10000,100000', rounds: '200', json: false, strict: false })
const sizes = (options.text('stored') ?? '').split(',').map(Number)
const repeats = options.count('rounds')
const report = createReport(options.isOn('json'))

interface Row {
  readonly name: string
  readonly due: number
  /** Median of one round, by size. */
  readonly us: number[]
}

await onStage('scan', MAX_MS, async (stage) => {
  report.line('The rounds of the worker, embedded database')
  const config = loadConfig({ EVERCERT_DATA_DIR: join(stage.folder, 'data'), EVERCERT_PORT: '0', EVERCERT_LOG_LEVEL: 'silent' })
  const service = await report.step('start', () => startService({ config, worker: IDLE_WORKER }))
  stage.add(() => service.stop())
  const rounds = createRounds(service.services)
  const rows = rounds.map(({ name, due }): Row => ({ name, due, us: [] }))
  for (const stored of sizes) {
    await report.step(`store ${stored.toLocaleString('en')} certificates`, () => fillInstallation(service.services, stored))
    await report.step('run the rounds', async () => {
      for (const [index, round] of rounds.entries()) rows[index]?.us.push(await measure(round))
    })
  }
  const results = rows.map((row) => {
    const ratio = (row.us.at(-1) ?? 0) / (row.us[0] ?? 1)
    return { ...row, ratio, verdict: report.judge(ratio < AIM) }
  })
  if (options.isOn('json')) {
    process.stdout.write(`${JSON.stringify({ bench: 'scan', rounds: repeats, aim: AIM, sizes, results }, null, 2)}\n`)
    return
  }
  report.line()
  report.table([
    ['µs for a round of', 'due', ...sizes.map((stored) => stored.toLocaleString('en')), 'last : first', `aim < ${AIM}`],
    ...results.map(({ name, due, us, ratio, verdict }) => [
      name,
      String(due),
      ...us.map((each) => each.toFixed(0)),
      ratio.toFixed(2),
      verdict,
    ]),
  ])
})
process.exit(report.exitCode(options.isOn('strict')))

/** Median microseconds. */
async function measure({ name, due, prepare, run, after }: Round): Promise<number> {
  const times: number[] = []
  for (let round = -WARM_UP; round < (due === 0 ? repeats : ROUNDS_WITH_DUE); round++) {
    await prepare?.()
    const startedAt = performance.now()
    const found = await run()
    const us = (performance.now() - startedAt) * 1000
    if (typeof found === 'number' && found !== due) throw new Error(`The round of ${name} found ${found} instead of ${due}.`)
    if (round >= 0) times.push(us)
    await after?.()
  }
  return median(times)
}
