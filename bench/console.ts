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
const CROWDING_MS = 500

const options = readOptions({ certificates: '100000', repeats: '20', json: false, strict: false })
const report = createReport(options.isOn('json'))
const size = options.count('certificates')
const repeats = options.count('repeats')

await onStage('console', MAX_MS, async (stage) => {
  const dataDir = join(stage.folder, 'data')
  await fill(dataDir)
  const evercert = await report.step('start', () => startEvercert({ dataDir }))
  stage.add(() => evercert.process.stop())
  const token = readFileSync(join(dataDir, 'operator.token'), 'utf8').trim()
  const before = crowding()
  const seen = await report.step(`${repeats} rounds in the browser`, () => measure(evercert.url, token))
  print(seen, (before + crowding()) / 2)
})
process.exit(report.exitCode(options.isOn('strict')))

/** By the service itself, so that its account is there; the one that is measured is another process. */
async function fill(dataDir: string): Promise<void> {
  const environment = { EVERCERT_DATA_DIR: dataDir, EVERCERT_PORT: '0', EVERCERT_LOG_LEVEL: 'silent' }
  const service = await startService({ config: loadConfig(environment), worker: { concurrency: 0 } })
  await fillLists(service.services.db, size, report)
  await service.stop()
}

interface Seen extends Painted {
  /** Of the page's main thread, also for rows that are drawn behind the frame; what others do meanwhile does not count. */
  readonly processorMs: number
}

/** @returns what was seen, by the name of the interaction */
async function measure(url: string, token: string): Promise<ReadonlyMap<string, readonly Seen[]>> {
  const browser = await startBrowser()
  try {
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: 'en-US',
      reducedMotion: 'reduce',
    })
    await context.addInitScript((value) => sessionStorage.setItem('evercert.token', value), token)
    const page = await context.newPage()
    const debug = await context.newCDPSession(page)
    await debug.send('Performance.enable', { timeDomain: 'threadTicks' })
    const worked = async (): Promise<number> => {
      const { metrics } = await debug.send('Performance.getMetrics')
      return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0)
    }
    const seen = new Map<string, Seen[]>(INTERACTIONS.map(({ name }) => [name, []]))
    for (let round = -WARM_UP; round < repeats; round += 1) {
      await page.goto(url)
      await page.waitForTimeout(1000) // never idle: the list listens to what others do
      for (const interaction of INTERACTIONS) {
        await interaction.before?.(page, round + WARM_UP)
        const before = await worked()
        const painted = await untilPainted(page, interaction)
        if (round >= 0) seen.get(interaction.name)?.push({ ...painted, processorMs: (await worked()) - before })
      }
    }
    return seen
  } finally {
    await browser.close()
  }
}

/** How much longer work takes than the processor spends on it: 1 on a machine of one's own. */
function crowding(): number {
  const [startedAt, before] = [performance.now(), process.cpuUsage()]
  while (performance.now() - startedAt < CROWDING_MS);
  const { user, system } = process.cpuUsage(before)
  return Math.max(1, ((performance.now() - startedAt) * 1000) / (user + system))
}

function print(seen: ReadonlyMap<string, readonly Seen[]>, crowded: number): void {
  const rows = [...seen].map(([name, all]) => {
    const times = all.map(({ ms }) => ms)
    const answers = all.map(({ answerMs }) => answerMs)
    const processor = all.map(({ processorMs }) => processorMs)
    const [medianMs, p95Ms] = [percentile(times, 50), percentile(times, 95)]
    const verdict = report.judge(p95Ms <= AIM_MS)
    return {
      name,
      medianMs,
      p95Ms,
      medianAnswerMs: percentile(answers, 50),
      medianProcessorMs: percentile(processor, 50),
      verdict,
    }
  })
  if (options.isOn('json')) {
    const result = { bench: 'console', certificates: size, repeats, aimMs: AIM_MS, crowding: crowded, interactions: rows }
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    return
  }
  const ms = (value: number): string => `${value.toFixed(0)} ms`
  report.line()
  report.table([
    [`${size.toLocaleString('en')} certificates, embedded`, 'median', 'p95', 'answer by', 'processor', 'aim'],
    ...rows.map(({ name, medianMs, p95Ms, medianAnswerMs, medianProcessorMs, verdict }) => [
      name,
      ms(medianMs),
      ms(p95Ms),
      ms(medianAnswerMs),
      ms(medianProcessorMs),
      verdict,
    ]),
  ])
  report.line(`  aim: p95 within ${AIM_MS} ms from the click, or the key, to the painted rows`)
  report.line(`  medians: answer by = from the click to the last answer of the API; processor = of the page's main thread`)
  report.line(`  crowding: work took ${crowded.toFixed(1)} times as long as its processor time (1: nobody else is there)`)
}
