/**
 * From a host to every address behind it.
 *
 * @module
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { canonicalIp } from './host-names.ts'

/** Gives all A and AAAA addresses of a name; empty when there is no such name. Rejects when nobody could answer. */
export type AddressResolver = (name: string) => Promise<readonly string[]>

/**
 * Every address of a host, each once, in the resolver's order; an IP literal (also in brackets) is its own address.
 *
 * Empty when the name does not exist or has no address. Rejects as the resolver does when nobody could answer.
 */
export async function resolveAddresses(host: string, resolver: AddressResolver = askSystem): Promise<readonly string[]> {
  const literal = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  if (isIP(literal) !== 0) return [literal]
  const addresses = await resolver(host)
  return [...new Map(addresses.map((address) => [canonicalIp(address), address])).values()]
}

const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA'])

async function askSystem(name: string): Promise<readonly string[]> {
  try {
    const answers = await lookup(name, { all: true, order: 'verbatim' })
    return answers.map((answer) => answer.address)
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && NO_SUCH_NAME.has(error.code)) return []
    throw error
  }
}
