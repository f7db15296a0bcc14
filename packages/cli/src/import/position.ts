/**
 * How far a source was read, for the progress bar: files, entries or bytes, whichever it can count.
 *
 * @module
 */
export interface Position {
  done: number
  /** 0 while it is not known. */
  total: number
}

/** 0 to 1; null while nothing is known. */
export function fractionOf({ done, total }: Position): number | null {
  return total === 0 ? null : Math.min(1, done / total)
}
