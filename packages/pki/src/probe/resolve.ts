/**
 * From a host to every address behind it.
 *
 * @module
 */
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
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

/** getaddrinfo says so when the name is not there, or has no address of the family; everything else is an outage. */
const ABSENT = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME', 'EAI_NODATA', 'EAI_NONAME', 'EAI_ADDRFAMILY'])

/** Of an error of Node's `dns`. */
export function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && ABSENT.has(error.code)
}

const HOSTS = '/etc/hosts'

/**
 * As the system looks names up, so that /etc/hosts counts; empty when there is no such name. Each family is asked for by itself: asked for both at once, getaddrinfo
 * gives what it got of one and hides that nobody answered for the other.
 *
 * Rejects as Node's `dns` does when nobody could answer for a family: the name may have addresses there that nobody has looked at.
 */
export async function askSystem(name: string): Promise<readonly string[]> {
  if (isIP(name) !== 0) return [name]
  const families = (await isInHosts(name)) ? ([0] as const) : ([4, 6] as const)
  const results = await Promise.allSettled(families.map((family) => lookup(name, { all: true, family, order: 'verbatim' })))
  for (const result of results) if (result.status === 'rejected' && !isAbsence(result.reason)) throw result.reason
  return results.flatMap((result) => (result.status === 'fulfilled' ? result.value.map(({ address }) => address) : []))
}

/** What the file has of a name is all of it: no server is asked. */
async function isInHosts(name: string): Promise<boolean> {
  const wanted = name.toLowerCase().replace(/\.$/, '')
  const text = await readFile(HOSTS, 'utf8').catch(() => '') // a system without one
  return text.split('\n').some((line) => {
    const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
    return names.some((one) => one.toLowerCase() === wanted)
  })
}
