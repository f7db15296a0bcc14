/**
 * What is typed as requests of the size that the service takes.
 *
 * @module
 */
import { MAX_DISCOVERED_AT_ONCE, type DiscoveryRequest, type EndpointProtocol } from '@evercert/contract'

export type LookBy = 'names' | 'certificate' | 'range'

export interface LookValues {
  readonly by: LookBy
  readonly names?: string
  readonly certificateId?: string
  readonly range?: string
  readonly protocol: EndpointProtocol
  readonly ports?: string
}

const MAX_PORTS = 8
const MAX_PORT = 65_535

/** One in each line or word; `#` begins a comment. */
export function readNames(text: string): string[] {
  const words = text.split('\n').flatMap((line) => line.replace(/#.*$/, '').split(/[\s,;，；]+/))
  return [...new Set(words.filter((word) => word !== ''))]
}

/** The first that is neither a host name nor an address; null: all are. */
export function findBadName(names: readonly string[]): string | null {
  const isAddress = (name: string): boolean => /^\[?[0-9a-f:.]+\]?$/i.test(name) && (name.match(/:/g)?.length ?? 0) >= 2
  const isHost = (name: string): boolean =>
    name.length <= 253 && /^(?!-)[\p{L}\p{M}\p{N}_-]{1,63}([.。][\p{L}\p{M}\p{N}_-]{1,63})*[.。]?$/u.test(name)
  return names.find((name) => !isHost(name) && !isAddress(name)) ?? null
}

/** Null: not a list of ports. */
export function readPorts(text: string): number[] | null {
  const words = text.split(/[\s,，]+/).filter((word) => word !== '')
  const ports = [...new Set(words.map(Number))]
  const areFine = ports.length <= MAX_PORTS && ports.every((port) => Number.isInteger(port) && port >= 1 && port <= MAX_PORT)
  return areFine ? ports : null
}

export function toRequests({ by, names = '', certificateId, range = '', protocol, ports = '' }: LookValues): DiscoveryRequest[] {
  const common = { protocol, ports: readPorts(ports) ?? [] }
  if (by === 'certificate') return [{ ...common, ...(certificateId !== undefined && { certificateId }) }]
  if (by === 'range') return [{ ...common, range: range.trim() }]
  const all = readNames(names)
  const size = Math.floor(MAX_DISCOVERED_AT_ONCE / Math.max(1, common.ports.length))
  const requests: DiscoveryRequest[] = []
  for (let at = 0; at < all.length; at += size) requests.push({ ...common, names: all.slice(at, at + size) })
  return requests
}
