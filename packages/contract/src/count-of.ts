/**
 * Counts in English sentences; Chinese has no plural.
 *
 * @module
 */

/** `1 day`, `2 days`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
