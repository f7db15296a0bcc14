/**
 * The DNS adapters. One line each.
 *
 * @module
 */
import type { DnsAdapter } from '../../ports/dns.ts'
import { rfc2136 } from './rfc2136/rfc2136.ts'

/** Each parses its own settings: `config` first, then `create` with what it gave. */
export const dnsAdapters: readonly DnsAdapter[] = [rfc2136]
