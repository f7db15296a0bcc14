/**
 * Probing and storing many endpoints by schedule, against a bare loop of `tls.connect` that stores nothing, and against the pipeline of
 * `openssl s_client | openssl x509` that manuals name. All on loopback, in one run, in turns.
 *
 *     npm run bench:probe -- [--endpoints 5000] [--rounds 3] [--concurrency 32] [--pipeline 100] [--json]
 *
 * @module
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, createSecureContext } from 'node:tls'
import { sql } from 'kysely'
import { loadConfig } from '../packages/server/src/config/config.ts'
import { startService } from '../packages/server/src/main.ts'
import type { Services } from '../packages/server/src/services/context.ts'
import { createProber } from '../packages/server/src/services/probing/prober.ts'
import { createChain, type TestLeaf } from '../test/harness/certificates.ts'
import { readOptions } from './support/options.ts'
import { createReport, median } from './support/report.ts'
import { onStage, type Stage } from './support/stage.ts'

const MAX_MS = 15 * 60_000
const NEVER_MS = 3_600_000
const IDLE_WORKER = { concurrency: 0, pollMs: NEVER_MS, scanMs: NEVER_MS, tidyMs: NEVER_MS, sealMs: NEVER_MS }
const CERTIFICATES = 50
const AIM_OF_LOOP = 0.8
const AIM_OF_PIPELINE = 20

const options = readOptions({ endpoints: '5000', rounds: '3', concurrency: '32', pipeline: '100', json: false, strict: false })
const endpoints = options.count('endpoints')
const concurrency = options.count('concurrency')
const report = createReport(options.isOn('json'))

interface Site {
  readonly address: string
  readonly serverName: string
}

const nameOf = (certificate: number): string => `site-${certificate}.evercert.test`
/** Each at an address of its own, from 127.1.0.1 on. */
const sites: readonly Site[] = Array.from({ length: endpoints }, (_, index) => ({
  address: `127.1.${index >> 8}.${(index & 255) + (index === 0 ? 1 : 0)}`,
  serverName: nameOf(index % CERTIFICATES),
}))

await onStage('probe', MAX_MS, async (stage) => {
  report.line(`${endpoints} endpoints on loopback, ${concurrency} at once, embedded database`)
  const authority = createChain()
  const leaves = Array.from({ length: CERTIFICATES }, (_, index) => authority.issue({ names: [nameOf(index)] }))
  const port = await report.step('start the sites', () => startSites(stage, leaves))
  const config = loadConfig({
    EVERCERT_DATA_DIR: join(stage.folder, 'data'),
    EVERCERT_REQUESTS_PER_MINUTE: '0',
    EVERCERT_PORT: '0',
    EVERCERT_ALLOW_ADDRESSES: '127.0.0.0/8',
    EVERCERT_PROBE_CONCURRENCY: String(concurrency),
  })
  const service = await report.step('start the service', () => startService({ config, worker: IDLE_WORKER }))
  stage.add(() => service.stop())
  await report.step('store the endpoints', () => fill(service.services, leaves, { port, rootPem: authority.rootPem }))

  const both = await report.step('the first look, for both kinds of keys', () => probeAll(service.services))
  await report.step('warm up the loop', () => loop(port, authority.rootPem))
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let round = 1; round <= options.count('rounds'); round++) {
    bare.push(await report.step(`tls.connect, round ${round}`, () => loop(port, authority.rootPem)))
    ours.push(await report.step(`probed and stored, round ${round}`, () => probeAll(service.services)))
  }
  const pipeline = await report.step('openssl s_client | openssl x509', () => Promise.resolve(openssl(port)))
  const perSecond = { both, bare: median(bare), ours: median(ours), pipeline }
  const ratios = { loop: perSecond.ours / perSecond.bare, pipeline: perSecond.ours / perSecond.pipeline }
  const verdicts = {
    loop: report.judge(ratios.loop >= AIM_OF_LOOP),
    pipeline: report.judge(ratios.pipeline >= AIM_OF_PIPELINE),
  }
  if (options.isOn('json')) {
    const aims = { loop: AIM_OF_LOOP, pipeline: AIM_OF_PIPELINE }
    process.stdout.write(
      `${JSON.stringify({ bench: 'probe', endpoints, concurrency, perSecond, ratios, aims, verdicts }, null, 2)}\n`,
    )
    return
  }
  report.line()
  report.table([
    ['', 'per second', 'ours : this', 'aim'],
    ['probed and stored', perSecond.ours.toFixed(0), '', ''],
    ['the same, for both kinds of keys', perSecond.both.toFixed(0), '', ''],
    ['tls.connect, nothing stored', perSecond.bare.toFixed(0), ratios.loop.toFixed(2), `>= ${AIM_OF_LOOP}: ${verdicts.loop}`],
    [
      'openssl pipeline',
      perSecond.pipeline.toFixed(1),
      ratios.pipeline.toFixed(1),
      `>= ${AIM_OF_PIPELINE}: ${verdicts.pipeline}`,
    ],
  ])
})
process.exit(report.exitCode(options.isOn('strict')))

async function startSites(stage: Stage, leaves: readonly TestLeaf[]): Promise<number> {
  const file = join(stage.folder, 'pairs.json')
  const pairs = leaves.map(({ chainPem, privateKeyPem }, index) => ({ name: nameOf(index), chainPem, privateKeyPem }))
  writeFileSync(file, JSON.stringify(pairs), { mode: 0o600 })
  const child = spawn(process.execPath, [join(import.meta.dirname, 'probe/sites.ts'), file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return Number(line.toString())
}

/** Certificates that were issued and are served, each with its share of the endpoints. */
async function fill(
  { db }: Services,
  leaves: readonly TestLeaf[],
  { port, rootPem }: { readonly port: number; readonly rootPem: string },
): Promise<void> {
  const { id: accountId } = await db.selectFrom('account').select('id').executeTakeFirstOrThrow()
  const { id: issuerId } = await db.selectFrom('issuer').select('id').orderBy('id').executeTakeFirstOrThrow()
  await db.updateTable('issuer').set({ root_pem: rootPem }).where('id', '=', issuerId).execute()
  const rows = JSON.stringify(
    leaves.map(({ sha256, chainPem }, index) => ({ n: index, sha256, chain: chainPem, name: nameOf(index) })),
  )
  const spots = JSON.stringify(
    sites.map(({ address, serverName }, index) => ({ n: index, address, name: serverName, certificate: index % CERTIFICATES })),
  )
  await db.transaction().execute(async (trx) => {
    await sql`insert into certificate (id, account_id, name, origin, lineage_id, lineage_index, issuance_id, served_at, created_at)
      select 'crt_' || n, ${accountId}, name, 'uploaded', 'crt_' || n, 0, 'iss_' || n, now() - interval '9 days', now()
      from jsonb_to_recordset(${rows}::jsonb) as r (n int, name text)`.execute(trx)
    await sql`insert into application (id, account_id, certificate_id, issuer_id, state, form, identifiers, method, reference, submitted_at)
      select 'app_' || n, ${accountId}, 'crt_' || n, ${issuerId}, 'issued', '{}', array[name], 'file', 'app_' || n, now()
      from jsonb_to_recordset(${rows}::jsonb) as r (n int, name text)`.execute(trx)
    await sql`insert into issuance (id, account_id, certificate_id, application_id, sha256, serial, issuer, names, spki_sha256,
        not_before, not_after, window_opens_at, chain_pem, created_at)
      select 'iss_' || n, ${accountId}, 'crt_' || n, 'app_' || n, sha256, n::text, 'CN=Bench', array[name], sha256,
        now() - interval '10 days', now() + interval '80 days', now() + interval '50 days', chain, now()
      from jsonb_to_recordset(${rows}::jsonb) as r (n int, sha256 text, chain text, name text)`.execute(trx)
    await sql`insert into endpoint (id, account_id, certificate_id, host, port, server_name, created_at)
      select 'end_' || n, ${accountId}, 'crt_' || certificate, address, ${port}, name, now()
      from jsonb_to_recordset(${spots}::jsonb) as r (n int, certificate int, address text, name text)`.execute(trx)
  })
}

/** Makes all due, and waits until each was looked at and stored. @returns endpoints per second */
async function probeAll(services: Services): Promise<number> {
  const { db } = services
  await sql`update endpoint set probe_at = now() - interval '1 hour'`.execute(db)
  const startedAt = performance.now()
  const from = new Date()
  const prober = createProber(services, new AbortController().signal)
  for (;;) {
    const claimed = await prober.round()
    await prober.idle()
    if (claimed === 0 && (await countDue(services)) === 0) break
  }
  const ms = performance.now() - startedAt
  const { rows } = await sql<{ served: number }>`select count(*)::int as served from endpoint
    where verdict = 'served' and probed_at >= ${from}`.execute(db)
  if (rows[0]?.served !== endpoints) throw new Error(`Only ${rows[0]?.served} of ${endpoints} endpoints were seen to serve.`)
  return (endpoints * 1000) / ms
}

async function countDue({ db }: Services): Promise<number> {
  const { rows } = await sql<{ due: number }>`select count(*)::int as due from endpoint where probe_at <= now()`.execute(db)
  return rows[0]?.due ?? 0
}

/** The least that a probe can be: a handshake and the fingerprint. @returns endpoints per second */
async function loop(port: number, rootPem: string): Promise<number> {
  const secureContext = createSecureContext({ ca: [rootPem] })
  const startedAt = performance.now()
  const queue = sites.values()
  const lane = async (): Promise<void> => {
    for (const site of queue) await shakeHands(site, port, secureContext)
  }
  await Promise.all(Array.from({ length: concurrency }, lane))
  return (endpoints * 1000) / (performance.now() - startedAt)
}

function shakeHands(
  { address, serverName }: Site,
  port: number,
  secureContext: ReturnType<typeof createSecureContext>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, servername: serverName, secureContext }, () => {
      if (socket.getPeerX509Certificate()?.fingerprint256 === undefined) reject(new Error('no certificate'))
      socket.end().resume()
      resolve()
    })
    socket.once('error', reject)
  })
}

/** One after the other, as a script with this line does it. @returns endpoints per second */
function openssl(port: number): number {
  const sample = sites.slice(0, options.count('pipeline'))
  const startedAt = performance.now()
  for (const { address, serverName } of sample) {
    const line = `echo | openssl s_client -servername ${serverName} -connect ${address}:${port} 2>/dev/null | openssl x509 -noout -dates`
    if (!execFileSync('sh', ['-c', line], { encoding: 'utf8' }).includes('notAfter='))
      throw new Error('openssl saw no certificate')
  }
  return (sample.length * 1000) / (performance.now() - startedAt)
}
