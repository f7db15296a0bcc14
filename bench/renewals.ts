/**
 * Renewals per second: Evercert's whole pipeline against a bare ACME loop, Caddy, certbot and lego, all on one Pebble in one run.
 *
 *     npm run bench:renewals -- [--renewals 200] [--concurrency 64] [--only evercert,loop] [--profile folder] [--json]
 *
 * Every name is really validated over HTTP-01. The machine's load moves the rates, so only the ratios of one run mean something; and
 * since its speed drifts within a run, the loop, which is the reference, runs before Evercert and after it.
 *
 * @module
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startPebble } from '../test/harness/pebble.ts'
import { rateOf, type Outcome, type Race } from './renewals/contender.ts'
import { prepareEvercert, type EvercertOutcome } from './renewals/evercert.ts'
import { runAcmeClient, runCaddy, runCertbot, runLego } from './renewals/others.ts'
import { readOptions } from './support/options.ts'
import { createReport, seconds, type Report } from './support/report.ts'
import { onStage, type Stage } from './support/stage.ts'

const options = readOptions({
  renewals: '200',
  concurrency: '64',
  only: 'evercert,loop,caddy,certbot,lego',
  profile: null,
  json: false,
  strict: false,
})
const MAX_MS = 15 * 60_000
const MAX_ATTEMPTS = 3
const AIMS = { loop: 0.7, caddy: 20, certbot: 100, memoryMb: 300 }
const TITLES = { evercert: 'Evercert', loop: 'acme-client loop', caddy: 'Caddy', certbot: 'certbot', lego: 'lego' } as const
type Contender = keyof typeof TITLES

const renewals = options.count('renewals')
const concurrency = options.count('concurrency')
const wanted = new Set((options.text('only') ?? '').split(','))
const report = createReport(options.isOn('json'))

report.line(`Renewals on one Pebble: 5 % bad nonces, no authorization reuse, HTTP-01; ${concurrency} at once`)
const outcomes = await raceToEnd()
const verdicts = judge(outcomes)
if (options.isOn('json')) process.stdout.write(`${JSON.stringify(toJson(outcomes), null, 2)}\n`)
else show(report, outcomes, outcomes.evercert)
process.exit(report.exitCode(options.isOn('strict')))

type Outcomes = Partial<Record<Contender, Outcome>> & { evercert?: EvercertOutcome }

/** Now and then Pebble stops answering for ever while many ask at once, whoever asks: such a run says nothing, and is made again. */
async function raceToEnd(): Promise<Outcomes> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      let outcomes: Outcomes = {}
      await onStage('bench', MAX_MS, async (stage) => {
        outcomes = await race(stage)
      })
      return outcomes
    } catch (error) {
      if (attempt === MAX_ATTEMPTS) throw error
      report.line(`  This run failed, and is made again: ${String(error).split('\n')[0]}`)
    }
  }
}

async function race(stage: Stage): Promise<Outcomes> {
  const pebble = await report.step('start Pebble', () => startPebble({ authzReusePercent: 0 }))
  stage.add(() => pebble.stop())
  const caFile = join(stage.folder, 'pebble-ca.pem')
  await writeFile(caFile, pebble.caPem)
  const placeFor = async (contender: Contender): Promise<Race> => {
    const folder = join(stage.folder, contender)
    await mkdir(folder, { recursive: true })
    return { pebble, caFile, folder }
  }
  const outcomes: Outcomes = {}
  const runs: Record<Exclude<Contender, 'evercert' | 'loop'>, [number, (place: Race, count: number) => Promise<Outcome>]> = {
    caddy: [50, runCaddy],
    certbot: [10, runCertbot],
    lego: [10, runLego],
  }
  const before = wanted.has('loop') ? await runLoop(await placeFor('loop'), 'before') : null
  if (wanted.has('evercert')) outcomes.evercert = await runEvercert(await placeFor('evercert'), stage)
  if (before !== null) outcomes.loop = sumOf(before, await runLoop(await placeFor('loop'), 'after'))
  for (const [contender, [count, run]] of Object.entries(runs) as [keyof typeof runs, (typeof runs)[keyof typeof runs]][]) {
    if (!wanted.has(contender)) continue
    const place = await placeFor(contender)
    outcomes[contender] = await report.step(`${TITLES[contender]}: ${count} certificates`, () => run(place, count))
  }
  return outcomes
}

function runLoop(place: Race, moment: 'before' | 'after'): Promise<Outcome> {
  return report.step(`${TITLES.loop}: ${renewals} certificates, ${moment}`, () =>
    runAcmeClient(place, { moment, count: renewals, concurrency }),
  )
}

function sumOf(one: Outcome, other: Outcome): Outcome {
  const cpuMs = one.cpuMs === null || other.cpuMs === null ? null : one.cpuMs + other.cpuMs
  return { count: one.count + other.count, ms: one.ms + other.ms, cpuMs }
}

async function runEvercert(place: Race, stage: Stage): Promise<EvercertOutcome> {
  const prepared = await report.step(`Evercert: start, upload and deploy ${renewals} old certificates`, () =>
    prepareEvercert(place, { renewals, concurrency, profileFolder: options.text('profile') }),
  )
  stage.add(() => prepared.stop())
  const outcome = await report.step(`Evercert: ${renewals} renewals`, () => prepared.run())
  await prepared.stop()
  return outcome
}

/** How many times as quick as each Evercert is, and its memory; those that took no part are not judged. */
function judge({ evercert, ...others }: Outcomes): Readonly<Record<string, 'met' | 'missed'>> {
  if (evercert === undefined) return {}
  const races = (['loop', 'caddy', 'certbot'] as const).flatMap((contender) => {
    const outcome = others[contender]
    return outcome === undefined
      ? []
      : [[contender, report.judge(rateOf(evercert) / rateOf(outcome) >= AIMS[contender])] as const]
  })
  const memory = evercert.usage === null ? [] : [['memoryMb', report.judge(evercert.usage.peakMb <= AIMS.memoryMb)] as const]
  return Object.fromEntries([...races, ...memory])
}

function show(target: Report, outcomes: Outcomes, evercert: EvercertOutcome | undefined): void {
  const rows = (Object.keys(TITLES) as Contender[]).flatMap((contender) => {
    const outcome = outcomes[contender]
    if (outcome === undefined) return []
    const ratio = evercert === undefined || contender === 'evercert' ? '' : `${(rateOf(evercert) / rateOf(outcome)).toFixed(2)} ×`
    const aim =
      contender in AIMS && contender in verdicts ? `${AIMS[contender as keyof typeof AIMS]} ×: ${verdicts[contender] ?? ''}` : ''
    const cpu = outcome.cpuMs === null ? '' : `${(outcome.cpuMs / outcome.count).toFixed(1)} ms`
    return [[TITLES[contender], String(outcome.count), seconds(outcome.ms), rateOf(outcome).toFixed(2), cpu, ratio, aim]]
  })
  target.line()
  target.table([['', 'certificates', 'time', 'per second', 'CPU each', 'Evercert is', 'aim'], ...rows])
  if (evercert === undefined) return
  const total = evercert.phases.reduce((sum, { ms }) => sum + ms, 0)
  target.line()
  target.table([
    ['phase of a renewal', 'mean', 'share'],
    ...evercert.phases.map(({ name, ms }) => [name, `${ms.toFixed(0)} ms`, `${((100 * ms) / total).toFixed(0)} %`]),
  ])
  if (evercert.usage === null || evercert.usageBefore === null) return
  const { peakMb, rssMb } = evercert.usage
  target.line()
  target.line(
    `  Evercert's memory: ${evercert.usageBefore.rssMb.toFixed(0)} MB before, ${rssMb.toFixed(0)} MB at the end, ` +
      `peak ${peakMb.toFixed(0)} MB (aim ${AIMS.memoryMb} MB: ${verdicts['memoryMb'] ?? ''})`,
  )
}

function toJson(outcomes: Outcomes): unknown {
  const { evercert } = outcomes
  const entries = Object.entries(outcomes).map(([contender, outcome]) => [
    contender,
    {
      ...outcome,
      perSecond: rateOf(outcome),
      ...(evercert !== undefined && contender !== 'evercert' && { evercertRatio: rateOf(evercert) / rateOf(outcome) }),
    },
  ])
  return { bench: 'renewals', renewals, concurrency, aims: AIMS, verdicts, results: Object.fromEntries(entries) }
}
