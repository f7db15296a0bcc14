/**
 * The port to DNS providers, which hold the TXT records of DNS validation.
 *
 * @module
 */
import type { z } from 'zod'
import type { AdapterKit } from './kit.ts'

export interface TxtRecord {
  /** A-labels without a final dot. */
  readonly name: string
  readonly value: string
  readonly ttlSeconds: number
}

/**
 * A DNS provider.
 *
 * - After `present` resolves, the value is visible at the zone's primary server, beside the values that were there.
 * - Presenting twice leaves one. Removing one value retains the others; removing an absent one is fine.
 * - A wrong credential is `credentialsRejected`, an outage `upstreamUnavailable`, an aborted signal rejects.
 */
export interface DnsProvider {
  present(record: TxtRecord, signal?: AbortSignal): Promise<void>
  remove(record: Pick<TxtRecord, 'name' | 'value'>, signal?: AbortSignal): Promise<void>
}

export interface DnsAdapter<Config = unknown> {
  readonly kind: 'dns'
  readonly id: string
  readonly title: string
  readonly apiDocs: string
  readonly config: z.ZodType<Config>
  /** The zone that the settings name; null when it is found for each name, so that nobody knows beforehand what is covered. */
  zoneOf(config: Config): string | null
  create(config: Config, kit: AdapterKit): DnsProvider
}

export function dnsAdapter<Config>(definition: DnsAdapter<Config>): DnsAdapter<Config> {
  return definition
}
