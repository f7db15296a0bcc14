/**
 * A house in which one renewal after the other is interrupted: starting a service is most of what a case costs, and the one that came up
 * after a kill is as good as new for the next.
 *
 * @module
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { nameOf, type Interruption, type Outcome } from './crash-case.ts'
import { openHouse, type House } from './house.ts'
import type { Lane } from './pool.ts'
import { startSite } from './site.ts'

export interface CrashLaneOptions {
  /** Where this lane has its folders. */
  readonly folder: string
  /** The sites' names are below it. */
  readonly domain: string
  /** Settings of a new house, with a database of its own. */
  readonly environment?: () => Promise<Readonly<Record<string, string>>>
  /** Once for each new house. */
  readonly prepare?: (house: House) => Promise<void>
  /** One case, in a house with a site of its own whose name resolves to it. */
  readonly renew: (house: House, serverName: string, interruption: Interruption | null) => Promise<Outcome>
}

/** After a case that failed, the next one has a new house. */
export function openCrashLane({
  folder,
  domain,
  environment,
  prepare,
  renew,
}: CrashLaneOptions): Lane<Interruption | null, Outcome> {
  let house: House | null = null
  let houses = 0
  let cases = 0
  const openNext = async (): Promise<House> => {
    const place = join(folder, String(++houses))
    const opened = await openHouse({ folder: place, names: [], environment: (await environment?.()) ?? {} })
    house = opened
    await prepare?.(opened)
    return opened
  }
  const close = async (): Promise<void> => {
    await house?.close()
    house = null
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  return {
    run: async (interruption) => {
      const name = interruption === null ? 'alone' : `${nameOf(interruption.point)} ${interruption.signal}`
      const serverName = `${name.replaceAll(/\W+/g, '-').toLowerCase()}.${domain}`
      const current = house ?? (await openNext())
      current.dns.add(serverName, 'A', current.site.address)
      const site = await startSite(join(folder, `site-${++cases}`), current.site.address)
      try {
        return await renew({ ...current, site }, serverName, interruption)
      } catch (error) {
        const logs = current.service().logs()
        await close()
        throw new Error(`${name}: ${String(error)}\n${logs}`, { cause: error })
      } finally {
        await site.stop()
      }
    },
    close,
  }
}
