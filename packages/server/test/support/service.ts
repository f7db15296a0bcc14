/**
 * The whole service in this process, on a database of the test, with a clock of its own and every name at this machine.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { createClient, type Client } from '@evercert/contract/client'
import { freePort } from '../../../../test/harness/ports.ts'
import { startDnsServer, type DnsServer } from '../../../../test/harness/dns-server.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { WorkerSettings } from '../../src/jobs/worker.ts'
import { startService, type RunningService } from '../../src/main.ts'
import type { Services, StepHook } from '../../src/services/context.ts'
import { createClock, type TestClock } from './clock.ts'
import type { TestDatabase } from './databases.ts'
import { QUICK_LOOKS } from './looks.ts'
import { startSites, type Sites } from './sites.ts'

export interface TestServiceOptions {
  readonly database: TestDatabase
  /** Default: a running clock from {@link DEFAULT_START}. */
  readonly clock?: TestClock
  /** Settings added to the test's own, or in place of them. */
  readonly environment?: Readonly<Record<string, string>>
  readonly worker?: Partial<WorkerSettings>
  readonly onStep?: StepHook
}

export interface TestService {
  /** Where it answers without TLS, if there is such a place. */
  readonly url: string
  readonly running: RunningService
  readonly clock: TestClock
  readonly services: Services
  /** Empty when another node of the database holds it. */
  readonly operatorToken: string
  /** The operator's client. */
  readonly client: Client
  readonly dns: DnsServer
  /** The service's own listener for validation files. */
  readonly proofPort: number
  /** Where the built-in CA fetches validation files: web servers that forward to their account's path. */
  readonly sites: Sites
  clientOf(token: string): Client
  /** A raw request to the service, for what a client would never send. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** The name resolves to this machine, and has a web server among {@link sites}. */
  addSite(...names: readonly string[]): void
  stop(): Promise<void>
}

export async function startTestService(options: TestServiceOptions): Promise<TestService> {
  const { database, clock = createClock() } = options
  const dns = await startDnsServer()
  const proofPort = await freePort()
  const sites = await startSites()
  const running = await startOrClose([dns, sites], () => {
    const config = loadConfig({ ...environmentFor(database, dns, proofPort, sites.port), ...options.environment })
    return startService({
      config,
      now: clock.now,
      ...(options.onStep && { onStep: options.onStep }),
      worker: { pollMs: 500, scanMs: 100, tidyMs: 1000, ...options.worker },
      looks: QUICK_LOOKS,
    })
  })
  sites.serve(running.services, proofPort)
  const operatorToken = readFileSync(running.operatorTokenFile ?? '', 'utf8').trim()
  const url = running.loopbackUrl ?? running.url
  const clientOf = (token: string): Client => createClient({ url, token })
  return {
    url,
    running,
    clock,
    services: running.services,
    operatorToken,
    client: clientOf(operatorToken),
    dns,
    proofPort,
    sites,
    clientOf,
    fetch: (path, init) => fetch(new URL(path, url), init),
    addSite: (...names) => {
      for (const name of names) dns.add(name, 'A', '127.0.0.1')
    },
    stop: async () => {
      await running.stop()
      await sites.close()
      await dns.close()
    },
  }
}

async function startOrClose(
  opened: readonly { close(): Promise<unknown> }[],
  start: () => Promise<RunningService>,
): Promise<RunningService> {
  try {
    return await start()
  } catch (error) {
    for (const each of opened) await each.close()
    throw error
  }
}

/** Settings of a service whose world is this machine; also for one that the test starts as a process. */
export function environmentFor(
  database: TestDatabase,
  dns: DnsServer,
  proofPort: number,
  validationPort = proofPort,
): Record<string, string> {
  return {
    EVERCERT_DATA_DIR: database.dataDir,
    ...(database.databaseUrl !== null && { EVERCERT_DATABASE_URL: database.databaseUrl }),
    EVERCERT_PORT: '0',
    EVERCERT_HTTP01_PORT: String(proofPort),
    EVERCERT_VALIDATION_HTTP_PORT: String(validationPort),
    EVERCERT_VALIDATION_HTTPS_PORT: 'none',
    EVERCERT_DNS_SERVERS: dns.address,
    EVERCERT_ALLOW_ADDRESSES: '127.0.0.0/8,::1/128',
    EVERCERT_LOG_LEVEL: 'silent',
    EVERCERT_REVOCATION_HOURS: '0', // clocks of tests jump, and lists end; who tests it sets it
    // Tests ask more often than anybody; those of the limits set their own.
    EVERCERT_REQUESTS_PER_MINUTE: '0',
    EVERCERT_ANONYMOUS_REQUESTS_PER_MINUTE: '0',
  }
}

/** A worker that claims nothing, scans nothing and tidies nothing: the test does it. */
export const IDLE_WORKER: Partial<WorkerSettings> = {
  concurrency: 0,
  pollMs: 2_000_000_000,
  scanMs: 2_000_000_000,
  tidyMs: 2_000_000_000,
  sealMs: 2_000_000_000,
}
