/**
 * Bulk import of PEM certificates with their chains and keys, through the service, against bare parsing with
 * node:crypto in the same run. The two take turns on the same certificates, batch by batch, so that whatever else the machine does
 * hits both; making the certificates is not counted.
 *
 *     npm run bench:import -- [--count 10000] [--batch 250] [--postgres] [--json]
 *
 * @module
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { loadConfig } from '../packages/server/src/config/config.ts'
import { startService } from '../packages/server/src/main.ts'
import type { Caller, Services } from '../packages/server/src/services/context.ts'
import { uploadMany } from '../packages/server/src/services/uploads/upload-many.ts'
import type { Upload } from '../packages/server/src/services/uploads/read-upload.ts'
import { createChain, type TestAuthority } from '../test/harness/certificates.ts'
import { startPostgres } from '../test/harness/postgres.ts'
import { readOptions } from './support/options.ts'
import { readProcessUsage } from './support/process-usage.ts'
import { createReport } from './support/report.ts'
import { onStage } from './support/stage.ts'

const MAX_MS = 30 * 60_000
const NEVER_MS = 3_600_000
const IDLE_WORKER = { concurrency: 0, pollMs: NEVER_MS, scanMs: NEVER_MS, tidyMs: NEVER_MS, sealMs: NEVER_MS }
const DAY_MS = 86_400_000
/** An estate has few CAs and many certificates. */
const AUTHORITIES = 10
const AIM = 1 / 3
const MEMORY_LOOKS = 4
/** What takes turns: so many requests, two of them on their way at a time, as `evercert upload --from` sends them. */
const REQUESTS_AT_A_TURN = 8
const IN_FLIGHT = 2

const options = readOptions({ count: '10000', batch: '250', postgres: false, json: false })
const count = options.count('count')
const batchSize = options.count('batch')
const report = createReport(options.isOn('json'))

/** Milliseconds spent on all certificates so far. */
interface Times {
  /** Of all threads: what does not depend on how busy the machine is. */
  certificatesCpuMs: number
  importCpuMs: number
  certificatesMs: number
  keysMs: number
  /** What the rules of an upload (DOMAIN §5) ask of OpenSSL besides: the key is the certificate's, and the chain is signed as it says. */
  checksMs: number
  importMs: number
}

await onStage('import', MAX_MS, async (stage) => {
  report.line(`Bulk import, ${options.isOn('postgres') ? 'PostgreSQL' : 'embedded database'}`)
  const postgres = options.isOn('postgres') ? await startPostgres() : null
  if (postgres !== null) stage.add(() => postgres.stop())
  const config = loadConfig({
    EVERCERT_DATA_DIR: join(stage.folder, 'data'),
    EVERCERT_REQUESTS_PER_MINUTE: '0',
    EVERCERT_PORT: '0',
    EVERCERT_LOG_LEVEL: 'silent',
    ...(postgres !== null && { EVERCERT_DATABASE_URL: await postgres.createDatabase() }),
  })
  const service = await report.step('start', () => startService({ config, worker: IDLE_WORKER }))
  stage.add(() => service.stop())
  const caller = await callerOf(service.services)
  const times: Times = { certificatesMs: 0, keysMs: 0, checksMs: 0, importMs: 0, certificatesCpuMs: 0, importCpuMs: 0 }
  const memory: number[] = []
  await report.step(`import ${count.toLocaleString('en')} certificates`, async () => {
    const authorities = Array.from({ length: AUTHORITIES }, () => createChain({ notAfter: Date.now() + 4000 * DAY_MS }))
    const turn = batchSize * REQUESTS_AT_A_TURN
    for (let from = 0; from < count; from += turn) {
      await importBatch(service.services, caller, mint(authorities, from, Math.min(turn, count - from)), times)
      if (Math.floor((from * MEMORY_LOOKS) / count) < Math.floor(((from + turn) * MEMORY_LOOKS) / count))
        memory.push(readProcessUsage(process.pid)?.rssMb ?? 0)
    }
  })
  const perSecond = (ms: number): number => (count * 1000) / ms
  const ratio = times.certificatesMs / times.importMs
  const bareMs = [times.certificatesMs, times.certificatesMs + times.keysMs, times.certificatesMs + times.keysMs + times.checksMs]
  if (options.isOn('json')) {
    const results = { certificates: count, ...times, ratio, rssMb: memory }
    process.stdout.write(`${JSON.stringify({ bench: 'import', aim: AIM, ...results }, null, 2)}\n`)
    return
  }
  report.line()
  report.table([
    ['', 'per second', 'of bare parsing'],
    ...['bare: X509Certificate for each PEM block', 'bare: the same and createPrivateKey', 'bare: the same and the checks'].map(
      (name, index) => {
        const ms = bareMs[index] ?? Number.NaN
        return [name, perSecond(ms).toFixed(0), (times.certificatesMs / ms).toFixed(2)]
      },
    ),
    [`Evercert: checked, sealed, stored (aim ${AIM.toFixed(2)})`, perSecond(times.importMs).toFixed(0), ratio.toFixed(2)],
  ])
  const cpuEach = (ms: number): string => `${((ms * 1000) / count).toFixed(0)} µs`
  report.line(`  CPU time for each: bare ${cpuEach(times.certificatesCpuMs)}, Evercert ${cpuEach(times.importCpuMs)}`)
  report.line(`  Resident memory after each quarter: ${memory.map((mib) => `${mib.toFixed(0)} MB`).join(', ')}`)
})
process.exit(0)

async function callerOf({ db }: Services): Promise<Caller> {
  const { id: accountId } = await db.selectFrom('account').select('id').executeTakeFirstOrThrow()
  return { accountId, tokenId: 'bench', actor: 'bench', scopes: new Set(['certificates:write']) }
}

function mint(authorities: readonly TestAuthority[], from: number, size: number): Upload[] {
  return Array.from({ length: size }, (_, offset) => {
    const name = `site-${from + offset}.evercert.test`
    const leaf = authorities[(from + offset) % authorities.length]?.issue({ names: [name, `www.${name}`] })
    if (leaf === undefined) throw new RangeError('there is an authority')
    return { name, certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
  })
}

/** The reference first, then the import: neither can profit from what the other read, since nothing is kept between them. */
async function importBatch(services: Services, caller: Caller, entries: readonly Upload[], times: Times): Promise<void> {
  const blocks = entries.flatMap(({ certificatePem }) => certificatePem.split(/(?=-----BEGIN)/))
  const cpuAtStart = cpuMs()
  const startedAt = performance.now()
  for (const block of blocks) void new X509Certificate(block)
  const certificatesAt = performance.now()
  times.certificatesCpuMs += cpuMs() - cpuAtStart
  const keys = entries.map(({ privateKeyPem }) => createPrivateKey(privateKeyPem))
  const keysAt = performance.now()
  checkAll(entries, keys, times)
  const cpuBefore = cpuMs()
  const sentAt = performance.now()
  const stored = await send(services, caller, entries)
  times.certificatesMs += certificatesAt - startedAt
  times.keysMs += keysAt - certificatesAt
  times.importMs += performance.now() - sentAt
  times.importCpuMs += cpuMs() - cpuBefore
  if (stored !== entries.length) throw new Error(`Only ${stored} of ${entries.length} were stored.`)
}

function checkAll(entries: readonly Upload[], keys: readonly KeyObject[], times: Times): void {
  const chains = entries.map(({ certificatePem }) =>
    certificatePem.split(/(?=-----BEGIN)/).map((block) => new X509Certificate(block)),
  )
  const startedAt = performance.now()
  for (const [index, [leaf, issuer]] of chains.entries()) {
    const key = keys[index]
    if (leaf === undefined || issuer === undefined || key === undefined) throw new RangeError('each has an issuer and a key')
    if (!leaf.checkPrivateKey(key) || !leaf.verify(issuer.publicKey)) throw new Error('the chain is as it says')
  }
  times.checksMs += performance.now() - startedAt
}

async function send(services: Services, caller: Caller, entries: readonly Upload[]): Promise<number> {
  const left = Array.from({ length: Math.ceil(entries.length / batchSize) }, (_, place) =>
    entries.slice(place * batchSize, (place + 1) * batchSize),
  )
  let stored = 0
  const sender = async (): Promise<void> => {
    for (let batch = left.shift(); batch !== undefined; batch = left.shift()) {
      const answer = await uploadMany(services, caller, { entries: batch, dryRun: false })
      stored += answer.stored
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, sender))
  return stored
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
