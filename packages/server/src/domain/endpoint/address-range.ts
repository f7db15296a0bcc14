/**
 * Ranges of addresses in CIDR notation, as numbers.
 *
 * @module
 */

export interface AddressRange {
  readonly bits: 32 | 128
  readonly first: bigint
  readonly last: bigint
}

/** Null when it is no CIDR range; host bits are ignored. */
export function parseRange(text: string): AddressRange | null {
  const [, address = '', length = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? []
  const bits = address.includes(':') ? 128 : 32
  const value = bits === 32 ? parseIpv4(address) : parseIpv6(address)
  const prefix = Number(length)
  if (value === null || length === '' || prefix > bits) return null
  const size = 1n << BigInt(bits - prefix)
  const first = value - (value % size)
  return { bits, first, last: first + size - 1n }
}

export function isWithin(inner: AddressRange, outer: AddressRange): boolean {
  return inner.bits === outer.bits && inner.first >= outer.first && inner.last <= outer.last
}

/** How many addresses it has. */
export function sizeOf({ first, last }: AddressRange): bigint {
  return last - first + 1n
}

/** All addresses, in their usual form; ask {@link sizeOf} first. */
export function addressesOf({ bits, first, last }: AddressRange): string[] {
  const addresses: string[] = []
  for (let value = first; value <= last; value++) addresses.push(bits === 32 ? formatIpv4(value) : formatIpv6(value))
  return addresses
}

function parseIpv4(text: string): bigint | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return null
  return parts.reduce((value, part) => value * 256n + BigInt(part), 0n)
}

function parseIpv6(text: string): bigint | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail]
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null
  return groups.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n)
}

function formatIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.')
}

/** RFC 5952. */
function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 65_535n).toString(16))
  const host = new URL(`http://[${groups.join(':')}]/`).hostname
  return host.slice(1, -1)
}
