/**
 * Bulk import of PEM certificates with their chains and keys, through the service, against bare parsing of the same texts with node:crypto in the
 * same run: `new X509Certificate` for each certificate of each chain, `createPrivateKey` for each key, and nothing kept or checked. The two take
 * turns on the same certificates, batch by batch, so that whatever else the machine does hits both; making the certificates is not counted.
 * All keys are P-256, which OpenSSL reads the fastest. Memory is looked at after a tenth, after a half and at the end: what an import kept of its
 * certificates, or waited for, would show as growth.
 *
 *     npm run bench:import -- [--count 10000] [--batch 250] [--postgres] [--json]
 *
 * Wall times mean something on a machine that does nothing else; CPU times, which are of all threads, do elsewhere too.
 *
 * @module
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { keepHeapSmall } from '../packages/cli/src/small-heap.ts'
import { loadConfig } from '../packages/server/src/config/config.ts'
import { startService } from '../packages/server/src/main.ts'
import type { Caller, Services } from '../packages/server/src/services/context.ts'
import { uploadMany } from '../packages/server/src/services/uploads/upload-many.ts'
import type { Upload } from '../packages/server/src/services/uploads/read-upload.ts'
import { createChain, type TestAuthority } from '../test/harness/certificates.ts'
import { startPostgres } from '../test/harness/postgres.ts'
import { lookAtMemory, type Memory } from './support/memory.ts'
import { readOptions } from './support/options.ts'
import { readFamilyCpuMs } from './support/process-usage.ts'
import { createReport } from './support/report.ts'
import { onStage } from './support/stage.ts'

const MAX_MS = 30 * 60_000
const NEVER_MS = 3_600_000
const IDLE_WORKER = { concurrency: 0, pollMs: NEVER_MS, scanMs: NEVER_MS, tidyMs: NEVER_MS, sealMs: NEVER_MS }
const DAY_MS = 86_400_000
/** An estate has few CAs and many certificates. */
const AUTHORITIES = 10
const AIM = 1 / 3
/** Of what a tenth of the import took. A certificate with its key and row is some 10 kB: kept, a hundred thousand would be a gigabyte. */
const FLAT = 1.1
/** What takes turns: so many requests, two of them on their way at a time, as `evercert upload --from` sends them. */
const REQUESTS_AT_A_TURN = 8
const IN_FLIGHT = 2

const options = readOptions({ count: '10000', batch: '250', postgres: false, json: false, strict: false })
const count = options.count('count')
const batchSize = options.count('batch')
const report = createReport(options.isOn('json'))

/** Milliseconds spent on all certificates so far. */
interface Times {
  certificatesMs: number
  keysMs: number
  /** What the rules of an upload (DOMAIN §5) ask of OpenSSL besides: the key is the certificate's, and the chain is signed as it says. */
  checksMs: number
  importMs: number
  bareCpuMs: number
  checksCpuMs: number
  /** Of all threads of the service: the embedded database is one of them. */
  importCpuMs: number
  /** Of all processes of PostgreSQL, where Linux tells it. */
  databaseCpuMs: number
}

await onStage('import', MAX_MS, async (stage) => {
  keepHeapSmall() // as `evercert serve` does: a larger heap would only show how much room V8 takes before it collects
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
  const databasePid = postgres?.process.pid ?? null
  const times: Times = {
    certificatesMs: 0,
    keysMs: 0,
    checksMs: 0,
    importMs: 0,
    bareCpuMs: 0,
    checksCpuMs: 0,
    importCpuMs: 0,
    databaseCpuMs: 0,
  }
  const memory: Memory[] = []
  const turn = batchSize * REQUESTS_AT_A_TURN
  await report.step(`import ${count.toLocaleString('en')} certificates`, async () => {
    const authorities = Array.from({ length: AUTHORITIES }, () => createChain({ notAfter: Date.now() + 4000 * DAY_MS }))
    for (let from = 0; from < count; from += turn) {
      const entries = mint(authorities, from, Math.min(turn, count - from))
      await takeTurns({ services: service.services, caller, databasePid }, entries, times)
      memory.push(lookAtMemory())
    }
  })
  const after = (part: number): Memory => memory[Math.ceil((count * part) / turn) - 1] ?? { residentMb: 0, liveMb: 0 }
  tell(times, { atATenth: after(0.1), atAHalf: after(0.5), atTheEnd: after(1) })
})
process.exit(report.exitCode(options.isOn('strict')))

interface MemorySeen {
  readonly atATenth: Memory
  readonly atAHalf: Memory
  readonly atTheEnd: Memory
}

function tell(times: Times, memory: MemorySeen): void {
  const bareMs = times.certificatesMs + times.keysMs
  const ratio = bareMs / times.importMs
  const verdict = report.judge(ratio >= AIM)
  const { atATenth, atAHalf, atTheEnd } = memory
  const isFlat = (kind: keyof Memory): boolean => atTheEnd[kind] <= FLAT * atATenth[kind]
  const memoryVerdict = report.judge(isFlat('liveMb') && isFlat('residentMb'))
  if (options.isOn('json')) {
    const results = { certificates: count, ...times, ratio, verdict, memory, memoryVerdict }
    process.stdout.write(`${JSON.stringify({ bench: 'import', aim: AIM, ...results }, null, 2)}\n`)
    return
  }
  const row = (name: string, ms: number): string[] => [name, ((count * 1000) / ms).toFixed(0), (bareMs / ms).toFixed(2)]
  report.line()
  report.table([
    ['', 'per second', 'of bare parsing'],
    row('bare parsing: X509Certificate for each certificate, createPrivateKey for each key', bareMs),
    row('  the certificates alone', times.certificatesMs),
    row("  and the checks of an upload: the key is the certificate's, its issuer signed it", bareMs + times.checksMs),
    row(`Evercert: checked, sealed, stored, listed (aim ${AIM.toFixed(2)}: ${verdict})`, times.importMs),
  ])
  const each = (ms: number): string => `${((ms * 1000) / count).toFixed(0)} µs`
  const ofDatabase = options.isOn('postgres') ? `, PostgreSQL ${each(times.databaseCpuMs)}` : ''
  report.line(
    `  CPU time for each: bare ${each(times.bareCpuMs)}, its checks ${each(times.checksCpuMs)}, Evercert ${each(times.importCpuMs)}${ofDatabase}`,
  )
  for (const [kind, name] of [
    ['liveMb', 'in use'],
    ['residentMb', 'resident'],
  ] as const) {
    const [first, half, last] = [atATenth, atAHalf, atTheEnd].map((seen) => seen[kind].toFixed(0))
    report.line(`  memory ${name}: ${first} MB after a tenth, ${half} MB after a half, ${last} MB at the end`)
  }
  report.line(`  memory (aim at most ${FLAT} times that after a tenth): ${memoryVerdict}`)
}

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

interface Sides {
  readonly services: Services
  readonly caller: Caller
  readonly databasePid: number | null
}

/** The reference first, then the import: neither can profit from what the other read, since nothing is kept between them. */
async function takeTurns({ services, caller, databasePid }: Sides, entries: readonly Upload[], times: Times): Promise<void> {
  const blocks = entries.flatMap(({ certificatePem }) => certificatePem.split(/(?=-----BEGIN)/))
  const start = clocks()
  for (const block of blocks) void new X509Certificate(block)
  const certificatesAt = clocks()
  const keys = entries.map(({ privateKeyPem }) => createPrivateKey(privateKeyPem))
  const keysAt = clocks()
  checkAll(entries, keys, times)
  const databaseBefore = databasePid === null ? 0 : readFamilyCpuMs(databasePid)
  const sentAt = clocks()
  const stored = await send(services, caller, entries)
  const storedAt = clocks()
  times.certificatesMs += certificatesAt.wallMs - start.wallMs
  times.keysMs += keysAt.wallMs - certificatesAt.wallMs
  times.bareCpuMs += keysAt.cpuMs - start.cpuMs
  times.importMs += storedAt.wallMs - sentAt.wallMs
  times.importCpuMs += storedAt.cpuMs - sentAt.cpuMs
  if (databasePid !== null) times.databaseCpuMs += readFamilyCpuMs(databasePid) - databaseBefore
  if (stored !== entries.length) throw new Error(`Only ${stored} of ${entries.length} were stored.`)
}

function checkAll(entries: readonly Upload[], keys: readonly KeyObject[], times: Times): void {
  const chains = entries.map(({ certificatePem }) =>
    certificatePem.split(/(?=-----BEGIN)/).map((block) => new X509Certificate(block)),
  )
  const start = clocks()
  for (const [index, [leaf, issuer]] of chains.entries()) {
    const key = keys[index]
    if (leaf === undefined || issuer === undefined || key === undefined) throw new RangeError('each has an issuer and a key')
    if (!leaf.checkPrivateKey(key) || !leaf.verify(issuer.publicKey)) throw new Error('the chain is as it says')
  }
  const end = clocks()
  times.checksMs += end.wallMs - start.wallMs
  times.checksCpuMs += end.cpuMs - start.cpuMs
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

/** The CPU time is of all threads of this process. */
function clocks(): { readonly wallMs: number; readonly cpuMs: number } {
  const { user, system } = process.cpuUsage()
  return { wallMs: performance.now(), cpuMs: (user + system) / 1000 }
}
