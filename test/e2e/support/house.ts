/**
 * One service with its site, name server and data, on a loopback address of its own, kept up: when the process dies, it is started again
 * on the same data, and calls that were under way are made again.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiProblem, type Client } from '@evercert/contract/client'
import { startDnsServer, type DnsServer } from '../../harness/dns-server.ts'
import { freePort } from '../../harness/ports.ts'
import { startServiceProcess, type ServiceProcess } from './service-process.ts'
import { startSite, type Site } from './site.ts'

export interface HouseOptions {
  /** Holds data and site. */
  readonly folder: string
  /** Names of the site. */
  readonly names: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly clockOffsetMs?: number
}

/** What a client of the service needs. */
export interface Household {
  readonly site: Site
  /** The service that runs now. */
  service(): ServiceProcess
  /** Calls the API, again and again while the service is away. @throws ApiProblem */
  call<Value>(use: (client: Client) => Promise<Value>): Promise<Value>
}

export interface House extends Household {
  /** Whom the service asks. */
  readonly dns: DnsServer
  /** Where the service answers validations. */
  readonly proofUrl: string
  /** How the processes before the one that runs now ended. */
  readonly ends: readonly string[]
  /** Resolves when the service has ended so many times and runs again. */
  restarted(times: number): Promise<void>
  /** From now on, at the next start. */
  setClock(offsetMs: number): Promise<void>
  close(): Promise<void>
}

/** Any of 127.0.0.0/8 is ours; one in sixteen million keeps houses apart, also those of tests that run at once. */
export function ownAddress(): string {
  return `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`
}

/** Where the built-in CA and the service's own validation listener meet. */
export async function settingsFor(folder: string, address: string, dnsServer: string): Promise<Record<string, string>> {
  const validationPort = String(await freePort(address))
  return {
    EVERCERT_DATA_DIR: join(folder, 'data'),
    EVERCERT_PUBLIC_URL: 'http://evercert.test',
    EVERCERT_HTTP01_HOST: address,
    EVERCERT_HTTP01_PORT: validationPort,
    EVERCERT_VALIDATION_HTTP_PORT: validationPort,
    EVERCERT_VALIDATION_HTTPS_PORT: 'none',
    EVERCERT_DNS_SERVERS: dnsServer,
    EVERCERT_ALLOW_ADDRESSES: '127.0.0.0/8,::1/128',
    EVERCERT_LOG_LEVEL: 'info',
  }
}

export async function openHouse(options: HouseOptions): Promise<House> {
  const address = ownAddress()
  const dns = await startDnsServer()
  for (const name of options.names) dns.add(name, 'A', address)
  const site = await startSite(join(options.folder, 'site'), address)
  const environment: Record<string, string> = {
    ...(await settingsFor(options.folder, address, dns.address)),
    ...options.environment,
  }
  let clockOffsetMs = options.clockOffsetMs ?? 0
  const ends: string[] = []
  let isClosing = false
  let current: Promise<ServiceProcess>
  let up: ServiceProcess
  const start = async (): Promise<ServiceProcess> => {
    const service = await startServiceProcess({ environment, clockOffsetMs })
    up = service
    void service.ended.then((end) => {
      ends.push(end)
      if (isClosing) return
      current = start()
      current.catch(() => {}) // the next call says so
    })
    return service
  }
  const stopAll = async (): Promise<void> => {
    isClosing = true
    await current.then((service) => service.stop()).catch(() => {})
    await Promise.all([site.stop(), dns.close()])
  }
  current = start()
  try {
    up = await current
  } catch (error) {
    await stopAll()
    throw error
  }
  return {
    site,
    dns,
    proofUrl: `http://${address}:${environment['EVERCERT_HTTP01_PORT'] ?? ''}`,
    service: () => up,
    ends,
    call: (use) => persist(() => current, use),
    restarted: async (times) => {
      while (ends.length < times) await (await current).ended
      await current
    },
    setClock: async (offsetMs) => {
      clockOffsetMs = offsetMs
      await up.setClock(offsetMs)
    },
    close: stopAll,
  }
}

const MAX_TRIES = 10
/** A connection that broke is the first sign of a process that ends. */
const END_WITHIN_MS = 20_000

/** As a client does that lost its connection: the same call with the same Idempotency-Key, until there is an answer. */
async function persist<Value>(current: () => Promise<ServiceProcess>, use: (client: Client) => Promise<Value>): Promise<Value> {
  for (let tries = 1; ; tries += 1) {
    const service = await current()
    try {
      return await use(service.client)
    } catch (error) {
      if (error instanceof ApiProblem || tries === MAX_TRIES) throw error
      const isOver = await Promise.race([service.ended, sleep(END_WITHIN_MS, null, { ref: false })])
      if (isOver === null) throw error
    }
  }
}
