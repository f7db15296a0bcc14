/**
 * Host names and IP addresses, as certificates and people write them.
 *
 * @module
 */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { nameMatches } from '../names.ts'

/** IPv6 in its short form (RFC 5952), IPv4 as it is: `0:0:0:0:0:0:0:1` → `::1`. */
export function canonicalIp(address: string): string {
  if (!address.includes(':')) return address
  const [withoutZone = address] = address.split('%')
  return URL.canParse(`http://[${withoutZone}]/`) ? new URL(`http://[${withoutZone}]/`).hostname.slice(1, -1) : address
}

/** Whether a certificate's names cover a host, which may be an IDN in either form or an IP address in any spelling. */
export function coversName(names: readonly string[], serverName: string): boolean {
  return nameMatches(names, isIP(serverName) === 0 ? toAscii(serverName) : canonicalIp(serverName))
}

/** The A-label form in lower case and without the final dot; empty when it is no host name. An IP address is no host name. */
export function toAscii(name: string): string {
  return domainToASCII(name).toLowerCase().replace(/\.$/, '')
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
const MAX_LENGTH = 253

/**
 * A name in A-labels, lower case and without its final dot; an address in its usual form, without brackets, also when it is written as the
 * number that resolvers take for one. Null when it is neither.
 */
export function canonicalHost(entered: string): string | null {
  const bare = /^\[(.*)\]$/.exec(entered)?.[1] ?? entered
  if (isIP(bare) === 6) return bare.includes('%') ? null : canonicalIp(bare)
  if (/[\s/\\@:?#%[\]]/.test(entered)) return null
  const ascii = toAscii(entered)
  return ascii.length <= MAX_LENGTH && ascii.split('.').every((label) => LABEL.test(label)) ? ascii : null
}
