/**
 * Randomness that a seed repeats.
 *
 * @module
 */
export interface Random {
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number
  pick<Value>(values: readonly Value[]): Value
  bytes(length: number): Buffer
  chance(share: number): boolean
}

/** Mulberry32: small, quick, and the same everywhere. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    pick: (values) => {
      const value = values[below(values.length)]
      if (value === undefined) throw new RangeError('there is nothing to pick from')
      return value
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
    chance: (share) => next() < share,
  }
}
