/**
 * Host names and IP addresses, as certificates and people write them.
 *
 * @module
 */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'

/** IPv6 in its short form (RFC 5952), IPv4 as it is: `0:0:0:0:0:0:0:1` → `::1`. */
export function canonicalIp(address: string): string {
  if (!address.includes(':')) return address
  const [withoutZone = address] = address.split('%')
  return URL.canParse(`http://[${withoutZone}]/`) ? new URL(`http://[${withoutZone}]/`).hostname.slice(1, -1) : address
}

/** Whether one of a certificate's names covers a host: exactly, or by a wildcard for its whole first label (RFC 9525 §6.3). */
export function coversName(names: readonly string[], serverName: string): boolean {
  if (isIP(serverName) !== 0) return names.includes(canonicalIp(serverName))
  const name = toAscii(serverName)
  const wildcard = name.replace(/^[^.]+\./, '*.')
  return names.includes(name) || (wildcard !== name && names.includes(wildcard))
}

/** The A-label form in lower case and without the final dot; empty when it is no host name. An IP address is no host name. */
export function toAscii(name: string): string {
  return domainToASCII(name).toLowerCase().replace(/\.$/, '')
}
