/**
 * The composition root: settings, database, adapters, services, worker and listeners, put together and taken apart in order.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino, type Logger } from 'pino'
import packageJson from '../package.json' with { type: 'json' }
import { authorityCertificates, caAdapters, createCrl, createTemporaryPair } from './adapters/ca/index.ts'
import { deployAdapters } from './adapters/deploy/index.ts'
import { dnsAdapters } from './adapters/dns/index.ts'
import { createAddressGuard } from './adapters/kit/address-guard.ts'
import { createGuardedFetch } from './adapters/kit/guarded-fetch.ts'
import { createResolver } from './adapters/kit/resolver.ts'
import { notifyAdapters } from './adapters/notify/index.ts'
import { paymentAdapters } from './adapters/payment/index.ts'
import { openMasterKeys } from './adapters/secrets/index.ts'
import { ConfigError, loadConfig, type Config } from './config/config.ts'
import { openDatabase, type Database } from './db/connect.ts'
import { ensurePrivateFolder, takeDataFolder } from './db/lock.ts'
import { startQueue } from './db/queue.ts'
import { AppError } from './domain/errors.ts'
import { DAY_MS, MINUTE_MS } from './domain/time.ts'
import { createDoor, type Fetch } from './http/door.ts'
import { createApp, createProofApp } from './http/app.ts'
import { listen, type Listener, type ListenOptions } from './http/listener.ts'
import { openOwnPair, type OwnPair } from './http/own-pair.ts'
import { createPlaces } from './services/advance/places.ts'
import { createReloadLeases } from './services/advance/reload-leases.ts'
import { DEFAULT_WORKER_SETTINGS, startWorker, type WorkerSettings } from './jobs/worker.ts'
import { createSignIn } from './services/access/better-auth.ts'
import { createFirstOperatorLink } from './services/access/first-operator.ts'
import { createFirstOperator, replaceOperatorToken } from './services/accounts.ts'
import { createAuditLog } from './services/audit/log.ts'
import { openAnchorFile } from './services/audit/anchor-file.ts'
import { beginAudit, endAudit, recordAtStart } from './services/audit/rounds.ts'
import { createBuiltinCaStore } from './services/builtin-ca-store.ts'
import { DEFAULT_LOOKS, type LookIntervals, type Services, type StepHook } from './services/context.ts'
import { applyRenewalPolicy } from './services/renewal-policy.ts'
import { ensureShippedCatalogue } from './services/shipped-catalogue.ts'
import { findSealingKeyId, openKeyring, withdraw } from './services/keyring.ts'
import { createVault } from './services/vault.ts'
import { toLoggedError } from './logged-error.ts'
import { startDocument, startLines, type StartReport } from './start-lines.ts'

export interface StartOptions {
  readonly config: Config
  /** Epoch milliseconds; the system clock by default. */
  readonly now?: () => number
  readonly onStep?: StepHook
  readonly worker?: Partial<WorkerSettings>
  readonly looks?: LookIntervals
  /** Folder of the built console; default: where the build puts it. */
  readonly consoleFolder?: string
}

export interface RunningService {
  /** Where the API is, without a final slash. */
  readonly url: string
  /** For this machine alone, without TLS; null when there is none. */
  readonly loopbackUrl: string | null
  /** Null: the service speaks plain HTTP. */
  readonly ownCertificate: OwnPair | null
  readonly proofPort: number | null
  readonly services: Services
  /** Null when another node of the database holds the token. */
  readonly operatorTokenFile: string | null
  /** Makes the first user; null when there is one. */
  readonly firstOperatorLink: string | null
  stop(): Promise<void>
}

const VERSION = packageJson.version
const CONSOLE_FOLDER = fileURLToPath(new URL('../../console/dist', import.meta.url))

const AGENT_FILE = fileURLToPath(new URL('../../agent/dist/evercert-agent.cjs', import.meta.url))

/** Things to undo, last first, also when the start fails half-way. */
class Cleanup {
  readonly #steps: (() => unknown)[] = []

  add(step: () => unknown): void {
    this.#steps.push(step)
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) await step()
  }
}

/** Starts the service and resolves when it is ready. @throws AppError `folderInUse`, `databaseNewer`, `storageUnavailable`, `misconfigured` */
export async function startService(options: StartOptions): Promise<RunningService> {
  const cleanup = new Cleanup()
  try {
    return await start(options, cleanup)
  } catch (error) {
    await cleanup.run()
    throw error
  }
}

async function start(options: StartOptions, cleanup: Cleanup): Promise<RunningService> {
  const { config } = options
  cleanup.add(takeDataFolder(config.dataDir))
  const log = createLog(config)
  const database = await openConfigured(config)
  cleanup.add(() => database.close())
  const services = await createServices(options, { database, log }, cleanup)
  cleanup.add(() => endAudit(services))
  await beginAudit(services)
  await applyRenewalPolicy(services)
  const operatorTokenFile = await ensureOperatorToken(services, config)
  const app = createApp(services, {
    version: VERSION,
    caFile: caFileOf(services),
    consoleFolder: options.consoleFolder ?? CONSOLE_FOLDER,
    isBehindTls: config.tls === null && isHttps(config.publicUrl),
  })
  const door = createDoor(app.fetch)
  const { listener, loopback, pair } = await openListeners({ config, services, fetch: door.fetch }, cleanup)
  const publicUrl = config.publicUrl ?? listener.url
  await ensureShippedCatalogue(services, { publicUrl, fileValidationPorts: config.fileValidationPorts })
  const proof = await openProofListener(config, services, cleanup)
  const worker = startWorker(services, { ...DEFAULT_WORKER_SETTINGS, ...options.worker })
  cleanup.add(() => worker.stop())
  door.open()
  // With a certificate that names it, the service is reached by its name.
  const named = pair === null ? listener.url : publicUrl
  writeServiceFile(config, loopback?.url ?? named, proof?.port ?? null, cleanup)
  return {
    url: listener.url,
    loopbackUrl: loopback?.url ?? null,
    ownCertificate: pair,
    proofPort: proof?.port ?? null,
    services,
    operatorTokenFile,
    firstOperatorLink: await createFirstOperatorLink(services, publicUrl),
    stop: () => cleanup.run(),
  }
}

function openConfigured({ databaseUrl, dataDir }: Config): Promise<Database> {
  if (databaseUrl !== null) return openDatabase({ kind: 'postgres', url: databaseUrl })
  const folder = join(dataDir, 'database')
  ensurePrivateFolder(folder)
  return openDatabase({ kind: 'embedded', folder })
}

async function createServices(
  options: StartOptions,
  { database, log }: { readonly database: Database; readonly log: Logger },
  cleanup: Cleanup,
): Promise<Services> {
  const { config } = options
  const now = options.now ?? (() => Date.now() + config.clockOffsetMs)
  const node = `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`
  cleanup.add(() => withdraw(database, node).catch(() => {})) // the database is away: the others see that this node is silent
  const { masterKey, masterKeyFile, masterKeyToken: token } = config
  const keySettings = { file: join(config.dataDir, 'master.key'), masterKey, masterKeyFile, token }
  const masterKeys = await openMasterKeys(keySettings, (await findSealingKeyId(database.db)) !== null)
  cleanup.add(() => masterKeys.close())
  const keyring = await openKeyring(database, masterKeys, node)
  const vault = createVault(keyring)
  const guardAddress = createAddressGuard(config.allowAddresses)
  const resolver = createResolver({
    servers: config.dnsServers,
    guard: guardAddress,
    authoritativePort: config.validationDnsPort,
  })
  const guardedFetch = createGuardedFetch({ allow: config.allowAddresses, resolver })
  cleanup.add(() => guardedFetch.close())
  const builtinCaStore = createBuiltinCaStore(database.db, vault, now)
  const queue = await startQueue(database, config.databaseUrl)
  cleanup.add(() => queue.stop())
  const { publicUrl } = config
  return {
    database,
    db: database.db,
    queue,
    vault,
    keyring,
    adapters: { ca: caAdapters, dns: dnsAdapters, deploy: deployAdapters, notify: notifyAdapters, payment: paymentAdapters },
    kit: { fetch: guardedFetch, resolver, guardAddress, now, builtinCaStore },
    nameServers: resolver,
    signIn: createSignIn({
      db: database.db,
      vault,
      now,
      publicUrl,
      isSecure: config.tls !== null || isHttps(publicUrl),
      log,
      kit: { fetch: guardedFetch },
    }),
    now,
    policy: config.renewalPolicy,
    probing: config.probing,
    calendar: config.calendar,
    publicUrl,
    answersFiles: config.proofListener !== null,
    trustedProxies: config.trustedProxies,
    version: VERSION,
    log,
    audit: createAuditLog({ db: database.db, now, log }),
    auditAnchor: openAnchorFile(join(config.dataDir, 'audit.checkpoint')),
    auditRetentionMs: config.auditRetentionDays === null ? null : config.auditRetentionDays * DAY_MS,
    freshAuthenticationMs: config.freshAuthenticationMinutes * MINUTE_MS,
    requestLimits: config.requestLimits,
    onStep: options.onStep ?? (() => {}),
    looks: options.looks ?? DEFAULT_LOOKS,
    places: createPlaces(options.worker?.concurrency ?? DEFAULT_WORKER_SETTINGS.concurrency),
    reloads: createReloadLeases({ database, node, log }),
    agentProgram: () => readFile(AGENT_FILE).catch(() => null),
  }
}

function isHttps(url: string | null): boolean {
  return url?.startsWith('https:') ?? false
}

/** Secrets never reach a log line by being part of a logged object: errors are reduced to type, message and stack. */
function createLog(config: Config): Logger {
  return pino(
    { level: config.logLevel, base: { service: 'evercert' }, serializers: { error: toLoggedError } },
    pino.destination({ dest: 2, sync: true }),
  )
}

/**
 * The operator's token, in a file of mode 0600. Who can write the folder of an embedded database is its operator, so a lost file is
 * made anew; on PostgreSQL another node may have it, and only the operator's word replaces it.
 *
 * @returns the file; null when it is another node's
 */
async function ensureOperatorToken(services: Services, config: Config): Promise<string | null> {
  const file = join(config.dataDir, 'operator.token')
  const first = await createFirstOperator(services)
  if (first === null && existsSync(file) && !config.resetOperatorToken) return file
  if (first === null && services.database.kind === 'postgres' && !config.resetOperatorToken) return null
  const token = first ?? (await recordAtStart(services, 'tokens.replaceOperator', () => replaceOperatorToken(services)))
  writeFileSync(file, `${token}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
  return file
}

/** How long a revocation may take to show in the CRL: anybody may ask for it, so it is not signed for each. */
const CRL_KEPT_MS = 60_000

function caFileOf(services: Services) {
  const kept = new Map<string, { readonly file: Promise<Uint8Array<ArrayBuffer> | null>; readonly until: number }>()
  const make = makeCaFile(services)
  return (authorityId: string, kind: 'crt' | 'crl'): Promise<Uint8Array<ArrayBuffer> | null> => {
    const name = `${authorityId}.${kind}`
    const known = kept.get(name)
    if (known !== undefined && known.until > performance.now()) return known.file
    const file = make(authorityId, kind)
    const forget = (): unknown => kept.delete(name)
    kept.set(name, { file, until: performance.now() + CRL_KEPT_MS })
    file.then((found) => (found === null ? forget() : null), forget) // what is not there is not remembered
    return file
  }
}

function makeCaFile(services: Services) {
  return async (authorityId: string, kind: 'crt' | 'crl'): Promise<Uint8Array<ArrayBuffer> | null> => {
    const store = services.kit.builtinCaStore
    try {
      const der =
        kind === 'crl'
          ? await createCrl(store, authorityId, services.now())
          : (await authorityCertificates(store, authorityId)).intermediateDer
      return new Uint8Array(der)
    } catch (error) {
      if (error instanceof AppError && error.code === 'notFound') return null
      throw error
    }
  }
}

/** The pair that the service itself serves; null: it speaks plain HTTP. */
async function openTls(config: Config, services: Services): Promise<OwnPair | null> {
  if (config.tls === null) return null
  const name = config.publicUrl === null ? 'localhost' : new URL(config.publicUrl).hostname
  const { now, log } = services
  return openOwnPair({ files: config.tls, now, log, makeTemporary: () => createTemporaryPair(name, now()) })
}

interface Listeners {
  readonly listener: Listener
  /** For this machine alone; null when there is none. */
  readonly loopback: Listener | null
  readonly pair: OwnPair | null
}

async function openListeners(
  { config, services, fetch }: { readonly config: Config; readonly services: Services; readonly fetch: Fetch },
  cleanup: Cleanup,
): Promise<Listeners> {
  const { host, port, loopbackPort } = config
  const pair = await openTls(config, services)
  const listener = await openListener({ fetch, host, port, pair }, cleanup)
  if (loopbackPort === null) return { listener, loopback: null, pair }
  return { listener, loopback: await openListener({ fetch, host: '127.0.0.1', port: loopbackPort }, cleanup), pair }
}

async function openProofListener({ proofListener }: Config, services: Services, cleanup: Cleanup): Promise<Listener | null> {
  if (proofListener === null) return null
  return openListener({ fetch: createProofApp(services).fetch, tellsProblems: false, ...proofListener }, cleanup)
}

async function openListener(options: ListenOptions, cleanup: Cleanup): Promise<Listener> {
  const listener = await listen(options)
  cleanup.add(() => listener.close())
  return listener
}

/** For tools on this machine: where the service listens. */
function writeServiceFile(config: Config, url: string, http01Port: number | null, cleanup: Cleanup): void {
  const file = join(config.dataDir, 'service.json')
  writeFileSync(file, `${JSON.stringify({ url, http01Port, pid: process.pid, version: VERSION })}\n`)
  cleanup.add(() => rmSync(file, { force: true }))
}

const EXIT_CONFIG = 78 // EX_CONFIG of sysexits.h
const EXIT_SOFTWARE = 70

/** `evercert serve`: starts, says what was chosen, and runs until it is told to stop. */
export async function serve(environment: NodeJS.ProcessEnv, report: StartReport): Promise<void> {
  try {
    const config = loadConfig(environment)
    const running = await startService({ config })
    stopOnSignal(running) // before it is said: who is told may stop it at once
    report.started(startLines(config, VERSION, running), startDocument(config, VERSION, running))
  } catch (error) {
    if (!(error instanceof ConfigError) && !(error instanceof AppError)) throw error
    const { code, facts } = error instanceof AppError ? error : ({ code: 'misconfigured', facts: {} } as const)
    report.failed({ code, facts, detail: error.message, cause: error.cause instanceof Error ? error.cause.message : null })
    process.exit(code === 'misconfigured' ? EXIT_CONFIG : EXIT_SOFTWARE)
  }
}

/** One Ctrl-C may arrive twice, from the terminal and from npm; a later one means it. */
const IMPATIENT_AFTER_MS = 2000

function stopOnSignal(running: RunningService): void {
  let stoppingSince: number | null = null
  const stop = (): void => {
    if (stoppingSince !== null) {
      if (Date.now() - stoppingSince > IMPATIENT_AFTER_MS) process.exit(1) // at once; the database survives it
      return
    }
    stoppingSince = Date.now()
    void running.stop().then(() => process.exit(0))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

/** The version that a data folder's service announced; null when it is not running. For tests and tools. */
export function readServiceFile(dataDir: string): { url: string; http01Port: number | null; pid: number } | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'service.json'), 'utf8')) as {
      url: string
      http01Port: number | null
      pid: number
    }
  } catch {
    return null
  }
}
