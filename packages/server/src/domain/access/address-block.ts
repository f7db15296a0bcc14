/**
 * What a network address is counted as.
 *
 * @module
 */
import { parseRange } from '../endpoint/address-range.ts'

/** Of IPv6 the first 64 bits: whoever has one address of these has all of them (RFC 6177 §2). Anything else is itself. */
export function addressBlock(address: string): string {
  const [bare = ''] = address.split('%') // a zone (RFC 4007 §11)
  const block = bare.includes(':') ? parseRange(`${bare}/64`) : null
  return block === null ? address : `${block.first.toString(16)}/64`
}
