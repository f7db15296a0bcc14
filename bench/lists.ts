/**
 * Lists, filters, searches and counts over many certificates: the API against the same raw SQL in the same run.
 *
 *     npm run bench:lists -- [--postgres 1000000] [--embedded 100000] [--only postgres|embedded] [--repeats 40] [--json]
 *
 * @module
 */
import { join } from 'node:path'
import { openExport, type ClientOptions } from '@evercert/contract/client'
import { readFileSync } from 'node:fs'
import { keepHeapSmall } from '../packages/cli/src/small-heap.ts'
import { loadConfig } from '../packages/server/src/config/config.ts'
import { startService } from '../packages/server/src/main.ts'
import { startPostgres } from '../test/harness/postgres.ts'
import { CASES, type Api, type Case } from './lists/cases.ts'
import { fillLists } from './lists/fill.ts'
import { lookAtMemory, type Memory } from './support/memory.ts'
import { readOptions } from './support/options.ts'
import { createReport, percentile } from './support/report.ts'
import { onStage, type Stage } from './support/stage.ts'

const MAX_MS = 30 * 60_000
const NEVER_MS = 3_600_000
const IDLE_WORKER = { concurrency: 0, pollMs: NEVER_MS, scanMs: NEVER_MS, tidyMs: NEVER_MS, sealMs: NEVER_MS }
const AIM = { ratio: 3, postgresMs: 50, embeddedMs: 100 } as const
const WARM_UP = 8
/** In a row. */
const MAX_DIFFERENCES = 2
const LINE_FEED = 10

const options = readOptions({ postgres: '1000000', embedded: '100000', only: null, repeats: '40', json: false, strict: false })
const repeats = options.count('repeats')
const report = createReport(options.isOn('json'))

interface Measurement {
  readonly name: string
  readonly apiMs: number
  readonly sqlMs: number
  readonly medianRatio: number
}

interface Exported {
  readonly rows: number
  readonly seconds: number
  readonly before: Memory
  readonly atATenth: Memory
  readonly atTheEnd: Memory
}

await onStage('lists', MAX_MS, async (stage) => {
  const results = []
  for (const kind of ['postgres', 'embedded'] as const) {
    if (options.text('only') !== null && options.text('only') !== kind) continue
    const size = options.count(kind)
    report.line(`${kind === 'postgres' ? 'PostgreSQL' : 'Embedded'}, ${size.toLocaleString('en')} certificates`)
    const aimMs = kind === 'postgres' ? AIM.postgresMs : AIM.embeddedMs
    const { measurements, exported } = await measureDatabase(stage, kind, size)
    const judged = measurements.map((one) => ({
      ...one,
      verdict: report.judge(one.apiMs <= aimMs && one.apiMs / one.sqlMs <= AIM.ratio),
    }))
    results.push({ kind, size, measurements: judged, exported })
    print(judged, aimMs, exported)
  }
  if (options.isOn('json')) process.stdout.write(`${JSON.stringify({ bench: 'lists', repeats, aim: AIM, results }, null, 2)}\n`)
})
process.exit(report.exitCode(options.isOn('strict')))

async function measureDatabase(stage: Stage, kind: 'postgres' | 'embedded', size: number) {
  const dataDir = join(stage.folder, kind)
  const url = kind === 'postgres' ? await postgresUrl(stage) : null
  const config = loadConfig({
    EVERCERT_DATA_DIR: dataDir,
    EVERCERT_REQUESTS_PER_MINUTE: '0',
    EVERCERT_PORT: '0',
    EVERCERT_LOG_LEVEL: 'silent',
    ...(url !== null && { EVERCERT_DATABASE_URL: url }),
  })
  const service = await report.step('start', () => startService({ config, worker: IDLE_WORKER }))
  stage.add(() => service.stop())
  const { db } = service.services
  await fillLists(db, size, report)
  const connection = { url: service.url, token: readFileSync(service.operatorTokenFile ?? '', 'utf8').trim() }
  const { id: accountId } = await db.selectFrom('account').select('id').executeTakeFirstOrThrow()
  const measurements: Measurement[] = []
  for (const one of CASES) measurements.push(await measure(one, { connection, db, accountId, size }))
  const exported = await report.step('export everything', () => exportAll(connection, size))
  return { measurements, exported }
}

async function postgresUrl(stage: Stage): Promise<string> {
  const postgres = await startPostgres()
  stage.add(() => postgres.stop())
  return postgres.createDatabase()
}

type World = Parameters<Case['sql']>[0] & { readonly connection: ClientOptions }

function bareApi({ url, token }: ClientOptions): Api {
  return {
    get: async (path, query) => {
      const response = await fetch(new URL(`/api/v1/${path}?${new URLSearchParams(query).toString()}`, url), {
        headers: { authorization: `Bearer ${token}` },
      })
      const body = (await response.json()) as never
      if (!response.ok) throw new Error(JSON.stringify(body))
      return body
    },
  }
}

/** The two in turn, so that what else the machine does meets both. */
async function measure(one: Case, world: World): Promise<Measurement> {
  const requests = bareApi(world.connection)
  const api: number[] = []
  const sql: number[] = []
  let differences = 0
  for (let round = -WARM_UP; round < repeats; round += 1) {
    const at = Math.abs((round * 7919) % world.size)
    const startedAt = performance.now()
    const seen = await one.api(requests, at)
    const between = performance.now()
    const expected = await one.sql(world, at)
    const endedAt = performance.now()
    if (seen !== expected) {
      // Of so many certificates one expires every half minute: between two answers, but not between two that follow them.
      differences += 1
      if (differences > MAX_DIFFERENCES) throw new Error(`${one.name}: the API gave ${seen}, SQL ${expected}.`)
    } else differences = 0
    if (round < 0) continue
    api.push(between - startedAt)
    sql.push(endedAt - between)
  }
  const medianRatio = percentile(api, 50) / percentile(sql, 50)
  return { name: one.name, apiMs: percentile(api, 95), sqlMs: percentile(sql, 95), medianRatio }
}

/** What is on its way when a look falls due counts: what an export holds on to would show as growth from a tenth to the end. */
async function exportAll(connection: ClientOptions, size: number): Promise<Exported> {
  keepHeapSmall() // as `evercert serve` does: a larger heap would only show how much room V8 takes before it collects
  const before = lookAtMemory()
  const startedAt = performance.now()
  let rows = 0
  let atATenth: Memory | null = null
  for await (const chunk of await openExport(connection, { format: 'json' })) {
    for (const byte of chunk) if (byte === LINE_FEED) rows += 1
    if (rows * 10 >= size) atATenth ??= lookAtMemory()
  }
  const atTheEnd = lookAtMemory()
  return { rows, seconds: (performance.now() - startedAt) / 1000, before, atATenth: atATenth ?? atTheEnd, atTheEnd }
}

function print(measurements: readonly (Measurement & { readonly verdict: string })[], aimMs: number, exported: Exported): void {
  report.line()
  report.table([
    ['case', 'API p95', 'SQL p95', 'ratio p95', 'ratio median', 'aim'],
    ...measurements.map(({ name, apiMs, sqlMs, medianRatio, verdict }) => [
      name,
      `${apiMs.toFixed(1)} ms`,
      `${sqlMs.toFixed(1)} ms`,
      (apiMs / sqlMs).toFixed(2),
      medianRatio.toFixed(2),
      verdict,
    ]),
  ])
  report.line(`  aims: p95 within ${aimMs} ms and ${AIM.ratio} times raw SQL`)
  const { rows, seconds, before, atATenth, atTheEnd } = exported
  report.line(`  export: ${rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s`)
  for (const [kind, name] of [
    ['liveMb', 'in use'],
    ['residentMb', 'resident'],
  ] as const) {
    const [first, tenth, last] = [before, atATenth, atTheEnd].map((memory) => memory[kind].toFixed(0))
    report.line(`  memory ${name}: ${first} MB before, ${tenth} MB at a tenth, ${last} MB at the end`)
  }
  report.line()
}
