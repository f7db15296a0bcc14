/**
 * What the periodic scan costs by how many certificates are stored and how many of them are due. It runs every second, so its cost
 * must follow what is due.
 *
 *     npm run bench:scan -- [--stored 1000,10000,100000] [--scans 200] [--json]
 *
 * @module
 */
import { join } from 'node:path'
import { sql } from 'kysely'
import { loadConfig } from '../packages/server/src/config/config.ts'
import { startService } from '../packages/server/src/main.ts'
import type { Services } from '../packages/server/src/services/context.ts'
import { scanDue } from '../packages/server/src/services/scan.ts'
import { readOptions } from './support/options.ts'
import { createReport, median } from './support/report.ts'
import { onStage } from './support/stage.ts'

const MAX_MS = 15 * 60_000
const NEVER_MS = 3_600_000
const IDLE_WORKER = { concurrency: 0, pollMs: NEVER_MS, scanMs: NEVER_MS, tidyMs: NEVER_MS, sealMs: NEVER_MS }
const DUE = [0, 100] as const
const AIM = 1.5
const ROWS_AT_ONCE = 10_000
/** Scans with something due are followed by taking their jobs away again, so they are fewer. */
const SCANS_WITH_DUE = 20
const WARM_UP = 20

const options = readOptions({ stored: '1000,10000,100000', scans: '200', json: false })
const sizes = (options.text('stored') ?? '').split(',').map(Number)
const scans = options.count('scans')
const report = createReport(options.isOn('json'))

interface Measurement {
  readonly stored: number
  readonly due: number
  /** Median of one scan. */
  readonly us: number
}

await onStage('scan', MAX_MS, async (stage) => {
  report.line('The periodic scan, embedded database')
  const config = loadConfig({ EVERCERT_DATA_DIR: join(stage.folder, 'data'), EVERCERT_PORT: '0' })
  const service = await report.step('start', () => startService({ config, worker: IDLE_WORKER }))
  stage.add(() => service.stop())
  const measurements: Measurement[] = []
  for (const stored of sizes) {
    await report.step(`store ${stored.toLocaleString('en')} certificates`, () => fill(service.services, stored))
    for (const due of DUE) {
      const us = await report.step(`scan them with ${due} due`, () => measure(service.services, due))
      measurements.push({ stored, due, us })
    }
  }
  const ratios = DUE.map((due) => ({ due, ratio: ratioOf(measurements, due) }))
  if (options.isOn('json')) {
    process.stdout.write(`${JSON.stringify({ bench: 'scan', scans, aim: AIM, results: measurements, ratios }, null, 2)}\n`)
    return
  }
  report.line()
  report.table([
    ['stored', ...DUE.map((due) => `${due} due`)],
    ...sizes.map((stored) => [
      stored.toLocaleString('en'),
      ...DUE.map((due) => `${measurements.find((one) => one.stored === stored && one.due === due)?.us.toFixed(0) ?? ''} µs`),
    ]),
    [`last : first (aim < ${AIM})`, ...ratios.map(({ ratio }) => ratio.toFixed(2))],
  ])
})
process.exit(0)

function ratioOf(measurements: readonly Measurement[], due: number): number {
  const ofDue = measurements.filter((one) => one.due === due)
  return (ofDue.at(-1)?.us ?? 0) / (ofDue[0]?.us ?? 1)
}

/** Uploaded certificates with an issuance, none of them due, until there are so many. */
async function fill({ db }: Services, stored: number): Promise<void> {
  const { id: accountId } = await db.selectFrom('account').select('id').executeTakeFirstOrThrow()
  const { count } = await db
    .selectFrom('certificate')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  for (let from = Number(count) + 1; from <= stored; from += ROWS_AT_ONCE) {
    const to = Math.min(stored, from + ROWS_AT_ONCE - 1)
    await db.transaction().execute(async (trx) => {
      await sql`insert into certificate (id, account_id, name, origin, lineage_id, lineage_index, issuance_id, created_at)
        select 'crt_' || n, ${accountId}, 'site-' || n, 'uploaded', 'crt_' || n, 0, 'iss_' || n, now()
        from generate_series(${from}::int, ${to}::int) n`.execute(trx)
      await sql`insert into issuance (id, account_id, certificate_id, sha256, serial, issuer, names, spki_sha256,
          not_before, not_after, window_opens_at, chain_pem, created_at)
        select 'iss_' || n, ${accountId}, 'crt_' || n, md5(n::text) || md5((-n)::text), n::text, 'CN=Bench',
          array['site-' || n || '.evercert.test'], md5(n::text) || md5((-n)::text),
          now() - interval '100 days', now() + interval '265 days', now() + interval '235 days', 'none', now()
        from generate_series(${from}::int, ${to}::int) n`.execute(trx)
    })
  }
}

/** Median microseconds of one scan that finds so many. Their jobs are taken away after each, so that the next finds them again. */
async function measure(services: Services, due: number): Promise<number> {
  const { db } = services
  await sql`update certificate set advance_at = now() - interval '1 minute'
    where id in (select id from certificate order by id limit ${due})`.execute(db)
  const times: number[] = []
  const repeats = due === 0 ? scans : SCANS_WITH_DUE
  for (let scan = -WARM_UP; scan < repeats; scan++) {
    const startedAt = performance.now()
    const found = await scanDue(services)
    const us = (performance.now() - startedAt) * 1000
    if (found !== due) throw new Error(`The scan found ${found} certificates instead of ${due}.`)
    if (scan >= 0) times.push(us)
    if (due > 0) await sql`delete from jobs.job`.execute(db)
  }
  await sql`update certificate set advance_at = null where advance_at is not null`.execute(db)
  return median(times)
}
