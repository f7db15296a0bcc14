/**
 * Which addresses the service may connect to on behalf of others. Only globally reachable unicast addresses are allowed, and
 * what the operator adds; everything else (loopback, private, link-local, metadata services, translations of those) is refused.
 *
 * @module
 */
import ipaddr from 'ipaddr.js'
import { AppError } from '../../domain/errors.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = readonly [Address, number]

/** Says why an address is refused, in words for the user; null when it is allowed. */
export type AddressGuard = (address: string) => string | null

const RANGE_WORDS: Readonly<Record<string, string>> = {
  unspecified: 'unspecified',
  broadcast: 'broadcast',
  multicast: 'multicast',
  linkLocal: 'link-local (cloud metadata services live there)',
  loopback: 'loopback',
  carrierGradeNat: 'carrier-grade NAT',
  private: 'private',
  uniqueLocal: 'private (unique local)',
}

// IPv6 addresses that carry an IPv4 address, with the octet where it begins: the packet ends up there.
const EMBEDDED: readonly { readonly range: Range; readonly at: number }[] = [
  { range: ipaddr.parseCIDR('::ffff:0:0/96'), at: 12 }, // IPv4-mapped, RFC 4291 §2.5.5.2
  { range: ipaddr.parseCIDR('::/96'), at: 12 }, // IPv4-compatible, RFC 4291 §2.5.5.1
  { range: ipaddr.parseCIDR('::ffff:0:0:0/96'), at: 12 }, // IPv4-translated, RFC 7915
  { range: ipaddr.parseCIDR('64:ff9b::/96'), at: 12 }, // NAT64, RFC 6052 §2.1
  { range: ipaddr.parseCIDR('2002::/16'), at: 2 }, // 6to4, RFC 3056
]
/** Of platforms, outside the ranges that are refused as a whole; those of other platforms lie in them. */
const PLATFORM: readonly { readonly range: Range; readonly words: string }[] = [
  { range: [ipaddr.parse('168.63.129.16'), 32], words: 'the address where the Azure platform serves its machines' },
]
const GLOBAL_UNICAST: Range = ipaddr.parseCIDR('2000::/3') // RFC 4291 §2.4: nothing else is assigned

/**
 * @param allow ranges in CIDR notation (or single addresses) that are allowed besides the public ones
 * @throws AppError `misconfigured` when a range cannot be read
 */
export function createAddressGuard(allow: readonly string[]): AddressGuard {
  const allowed = allow.map(parseRange)
  return (text) => {
    if (!ipaddr.isValid(text)) return 'not an address'
    const address = ipaddr.parse(text)
    const target = embeddedAddress(address) ?? address
    if (allowed.some((range) => isWithin(address, range) || isWithin(target, range))) return null
    return refusal(target)
  }
}

function refusal(address: Address): string | null {
  const range = address.range()
  if (range !== 'unicast') return RANGE_WORDS[range] ?? `reserved (${range})`
  const platform = PLATFORM.find((one) => isWithin(address, one.range))
  if (platform !== undefined) return platform.words
  if (address.kind() === 'ipv6' && !isWithin(address, GLOBAL_UNICAST)) return 'outside the global unicast range'
  return null
}

function embeddedAddress(address: Address): Address | null {
  if (address.kind() === 'ipv4') return null
  const octets = address.toByteArray()
  const isUnspecifiedOrLoopback = octets.slice(0, 15).every((octet) => octet === 0) && octets[15]! <= 1
  if (isUnspecifiedOrLoopback) return null // `::` and `::1` lie in ::/96 and are no IPv4 addresses
  const form = EMBEDDED.find(({ range }) => isWithin(address, range))
  return form ? new ipaddr.IPv4(octets.slice(form.at, form.at + 4)) : null
}

function isWithin(address: Address, [network, bits]: Range): boolean {
  return address.kind() === network.kind() && address.match(network, bits)
}

function parseRange(text: string): Range {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text)
    const address = ipaddr.parse(text)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  } catch (cause) {
    throw new AppError(
      'misconfigured',
      `EVERCERT_ALLOW_ADDRESSES: "${text}" is not an address range: write CIDR notation, for instance 10.0.0.0/8 or fd00::/8`,
      { cause },
    )
  }
}
