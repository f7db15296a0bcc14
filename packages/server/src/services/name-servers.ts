/**
 * What each authoritative name server says of a TXT record: for validation by hand, where "it is not there yet" helps nobody.
 *
 * @module
 */
import type { ServerAnswer } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import type { NameServerLookups } from '../ports/kit.ts'

/** More servers than any zone has in earnest; each has an address or two. */
const MAX_SERVERS = 8
const MAX_ADDRESSES = 2
const MAX_ALIASES = 5
const MAX_VALUES = 8
const LONGEST_SHOWN = 128

/**
 * Asks every server of the zone that holds the record itself, past all caches. An alias is followed to the zone of its target.
 *
 * @param name of the record
 * @param expected the value that the CA wants to see
 * @returns empty when no zone says who its servers are
 */
export async function askNameServers(lookups: NameServerLookups, name: string, expected: string): Promise<ServerAnswer[]> {
  const owner = await followAliases(lookups, name)
  const servers = (await findServers(lookups, owner)).slice(0, MAX_SERVERS)
  const answers = await Promise.all(servers.map((server) => askServer(lookups, server, owner, expected)))
  return answers.flat()
}

async function followAliases(lookups: NameServerLookups, name: string): Promise<string> {
  let owner = name
  for (let followed = 0; followed < MAX_ALIASES; followed += 1) {
    const target = await valueOr(null, () => lookups.resolveAlias(owner))
    if (target === null || target === owner) return owner
    owner = target
  }
  return owner
}

/** A resolver of ours that does not answer would be waited for at every name upwards. */
const MAX_FAILURES = 2

/** The nearest name upwards that has name servers is the zone. */
async function findServers(lookups: NameServerLookups, name: string): Promise<readonly string[]> {
  const labels = name.split('.')
  let failures = 0
  for (let up = 0; up < labels.length - 1 && failures < MAX_FAILURES; up += 1) {
    const servers = await valueOr(null, () => lookups.resolveNameServers(labels.slice(up).join('.')))
    if (servers === null) failures += 1
    else if (servers.length > 0) return [...servers].sort()
  }
  return []
}

async function askServer(lookups: NameServerLookups, server: string, name: string, expected: string): Promise<ServerAnswer[]> {
  const addresses = await valueOr([], () => lookups.resolveAddresses(server))
  if (addresses.length === 0)
    return [{ server, address: null, answer: 'noAnswer', values: [], problem: `${server} has no address` }]
  return Promise.all(
    addresses.slice(0, MAX_ADDRESSES).map(async (address): Promise<ServerAnswer> => {
      try {
        const values = await lookups.resolveTxtAt(address, name)
        const answer = values.includes(expected) ? 'seen' : values.length > 0 ? 'otherValue' : 'noRecord'
        return { server, address, answer, values: values.slice(0, MAX_VALUES).map((value) => shown(value)), problem: null }
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        return { server, address, answer: 'noAnswer', values: [], problem: error.message }
      }
    }),
  )
}

/** A look-up that failed on the way says nothing of the next one. */
async function valueOr<Value>(otherwise: Value, look: () => Promise<Value>): Promise<Value> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof AppError) return otherwise
    throw error
  }
}

/** What a stranger's server said: short, and without characters that could disturb a page or the database. */
function shown(value: string): string {
  const printable = value.replaceAll(/[^\x20-\x7e]/g, '.')
  return printable.length > LONGEST_SHOWN ? `${printable.slice(0, LONGEST_SHOWN)}…` : printable
}
