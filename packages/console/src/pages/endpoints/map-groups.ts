/**
 * The cells of the map in groups: those with faults first.
 *
 * @module
 */
import type { EndpointCell } from '@evercert/contract'

export const GROUPINGS = ['host', 'target', 'verdict'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** What a cell looks like; `unproved`: not probed yet. */
export type Look = 'served' | 'old' | 'fault' | 'unproved'
export const LOOKS: readonly Look[] = ['fault', 'old', 'unproved', 'served']

export interface MapGroup {
  /** Null: endpoints whose certificate has no target. */
  readonly name: string | null
  readonly cells: readonly EndpointCell[]
  readonly faults: number
}

export function lookOf({ verdict }: Pick<EndpointCell, 'verdict'>): Look {
  if (verdict === null) return 'unproved'
  if (verdict === 'served') return 'served'
  return verdict === 'oldCertificate' ? 'old' : 'fault'
}

const isFault = (cell: EndpointCell): boolean => !['served', 'unproved'].includes(lookOf(cell))

/** Within a group in the order in which they came. */
export function groupCells(cells: readonly EndpointCell[], by: Grouping): MapGroup[] {
  const groups = [...Map.groupBy(cells, (cell) => nameOf(cell, by))].map(([name, members]) => ({
    name,
    cells: members,
    faults: members.filter(isFault).length,
  }))
  return groups.toSorted(
    (one, other) =>
      Number(other.faults > 0) - Number(one.faults > 0) ||
      Number(one.name === null) - Number(other.name === null) ||
      (one.name ?? '').localeCompare(other.name ?? ''),
  )
}

function nameOf({ host, verdict, targets }: EndpointCell, by: Grouping): string | null {
  switch (by) {
    case 'host':
      return parentOf(host)
    case 'target':
      return targets.length === 0 ? null : targets.join(', ')
    case 'verdict':
      return verdict ?? 'unproved'
  }
}

/** The domain above a host, or the network of an address: a site stands beside its neighbours. */
export function parentOf(host: string): string {
  if (host.includes(':')) return host.split(':').slice(0, 4).join(':')
  const labels = host.split('.')
  if (labels.every((label) => /^\d+$/.test(label))) return `${labels.slice(0, 3).join('.')}.0/24`
  return labels.length > 2 ? labels.slice(1).join('.') : host
}
