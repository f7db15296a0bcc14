/**
 * What every contender of `renewals.ts` gets and gives.
 *
 * @module
 */
import type { Pebble } from '../../test/harness/pebble.ts'

export interface Race {
  readonly pebble: Pebble
  /** The root of Pebble's own HTTPS, for programs that want a file. */
  readonly caFile: string
  /** For the contender alone; removed at the end. */
  readonly folder: string
}

export interface Outcome {
  readonly count: number
  readonly ms: number
  /** Of the contender's process; null when it is not known. */
  readonly cpuMs: number | null
}

/** Certificates per second. */
export function rateOf({ count, ms }: Pick<Outcome, 'count' | 'ms'>): number {
  return (count * 1000) / ms
}

/** Domain names that no other contender uses. */
export function namesFor(contender: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `site-${index + 1}.${contender}.evercert.test`)
}
