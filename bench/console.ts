/**
 * The list in the browser: from a click to the painted rows, over many certificates in the embedded database.
 *
 *     npm run bench:console -- [--certificates 100000] [--repeats 20] [--json]
 *
 * @module
 */
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { loadConfig } from '../packages/server/src/config/config.ts'
import { startService } from '../packages/server/src/main.ts'
import { startBrowser } from '../test/harness/browser.ts'
import { INTERACTIONS } from './console/interactions.ts'
import { untilPainted, type Painted } from './console/painted.ts'
import { fillLists } from './lists/fill.ts'
import { startEvercert } from './support/evercert.ts'
import { readOptions } from './support/options.ts'
import { createReport, percentile } from './support/report.ts'
import { onStage } from './support/stage.ts'

const MAX_MS = 20 * 60_000
const AIM_MS = 100
/** The first rounds have a browser that compiled nothing yet. */
const WARM_UP = 2

const options = readOptions({ certificates: '100000', repeats: '20', json: false })
const report = createReport(options.isOn('json'))
const size = options.count('certificates')
const repeats = options.count('repeats')

await onStage('console', MAX_MS, async (stage) => {
  const dataDir = join(stage.folder, 'data')
  await fill(dataDir)
  const evercert = await report.step('start', () => startEvercert({ dataDir }))
  stage.add(() => evercert.process.stop())
  const token = readFileSync(join(dataDir, 'operator.token'), 'utf8').trim()
  const seen = await report.step(`${repeats} rounds in the browser`, () => measure(evercert.url, token))
  print(seen)
})
process.exit(0)

/** By the service itself, so that its account is there; the one that is measured is another process. */
async function fill(dataDir: string): Promise<void> {
  const environment = { EVERCERT_DATA_DIR: dataDir, EVERCERT_PORT: '0', EVERCERT_LOG_LEVEL: 'silent' }
  const service = await startService({ config: loadConfig(environment), worker: { concurrency: 0 } })
  await fillLists(service.services.db, size, report)
  await service.stop()
}

async function measure(url: string, token: string): Promise<ReadonlyMap<string, readonly Painted[]>> {
  const browser = await startBrowser()
  try {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: 'en-US',
      reducedMotion: 'reduce',
    })
    await context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
    const page = await context.newPage()
    const seen = new Map<string, Painted[]>(INTERACTIONS.map(({ name }) => [name, []]))
    for (let round = -WARM_UP; round < repeats; round += 1) {
      await page.goto(url)
      await page.waitForLoadState('networkidle')
      for (const interaction of INTERACTIONS) {
        await interaction.before?.(page, round + WARM_UP)
        const painted = await untilPainted(page, interaction)
        if (round >= 0) seen.get(interaction.name)?.push(painted)
      }
    }
    return seen
  } finally {
    await browser.close()
  }
}

function print(seen: ReadonlyMap<string, readonly Painted[]>): void {
  const rows = [...seen].map(([name, all]) => {
    const times = all.map(({ ms }) => ms)
    const answers = all.map(({ answerMs }) => answerMs)
    return { name, medianMs: percentile(times, 50), p95Ms: percentile(times, 95), medianAnswerMs: percentile(answers, 50) }
  })
  if (options.isOn('json')) {
    const result = { bench: 'console', certificates: size, repeats, aimMs: AIM_MS, interactions: rows }
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    return
  }
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  report.line()
  report.table([
    [`${size.toLocaleString('en')} certificates, embedded`, 'median', 'p95', 'answer by (median)', 'aim'],
    ...rows.map(({ name, medianMs, p95Ms, medianAnswerMs }) => [
      name,
      ms(medianMs),
      ms(p95Ms),
      ms(medianAnswerMs),
      p95Ms <= AIM_MS ? 'met' : 'missed',
    ]),
  ])
  report.line(`  aim: p95 within ${AIM_MS} ms from the click, or the key, to the painted rows`)
}
