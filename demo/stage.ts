/**
 * Everything that the demo puts up and takes down again: folder, DNS, site, service.
 *
 * @module
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDnsServer, type DnsServer } from './dns-server.ts'
import { findFreePort, loopbackAddresses } from './free-ports.ts'
import { startService, type Service } from './service.ts'
import type { Site } from './site.ts'
import { startSite, type SiteKind } from './start-site.ts'

export const SITE_NAME = 'shop.evercert.test'

export interface Stage {
  readonly folder: string
  readonly addresses: readonly string[]
  readonly httpPort: number
  readonly httpsPort: number
  readonly dns: DnsServer
  readonly signal: AbortSignal
  openSite(kind: SiteKind | null): Promise<Site>
  /** Ends the service that runs and starts it again on the same data, with a clock that is so many seconds off. */
  openService(clockOffsetSeconds: number): Promise<Service>
  closeService(): Promise<void>
  /** What the processes printed last, for when something goes wrong. */
  recentLines(): readonly string[]
  /** Ends every process and removes the folder. Safe to repeat. */
  strike(): Promise<void>
}

/** @param signal aborted when the user breaks off: nothing more is started then */
export async function setStage(signal: AbortSignal): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'evercert-demo-'))
  try {
    return await setStageIn(folder, signal)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function setStageIn(folder: string, signal: AbortSignal): Promise<Stage> {
  const addresses = loopbackAddresses()
  const [httpPort, httpsPort, port, http01Port] = await choosePorts(addresses)
  const dns = await startDnsServer(SITE_NAME, addresses)
  let site: Site | null = null
  let service: Service | null = null
  const closeService = async () => {
    await service?.child.stop()
    service = null
  }
  return {
    folder,
    addresses,
    httpPort,
    httpsPort,
    dns,
    signal,
    openSite: async (kind) => {
      signal.throwIfAborted()
      const siteFolder = join(folder, 'site')
      await mkdir(siteFolder)
      const validationUrl = `http://127.0.0.1:${http01Port}`
      site = await startSite({ name: SITE_NAME, addresses, httpPort, httpsPort, validationUrl, folder: siteFolder }, kind)
      return site
    },
    openService: async (clockOffsetSeconds) => {
      await closeService()
      signal.throwIfAborted()
      const dataDir = join(folder, 'data')
      service = await startService({
        dataDir,
        port,
        http01Port,
        dnsServer: dns.server,
        validationHttpPort: httpPort,
        clockOffsetSeconds,
        signal,
      })
      return service
    },
    closeService,
    recentLines: () => [...(service?.child.recentLines() ?? []), ...(site?.recentLines() ?? [])],
    strike: async () => {
      await Promise.all([closeService(), site?.stop(), dns.stop()])
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function choosePorts(addresses: readonly string[]): Promise<[number, number, number, number]> {
  const ports = new Set<number>()
  while (ports.size < 4) ports.add(await findFreePort(addresses))
  const [http = 0, https = 0, service = 0, http01 = 0] = ports
  return [http, https, service, http01]
}
