/**
 * Between the database's Dates and the domain's epoch milliseconds.
 *
 * @module
 */

export function toDate(instant: number): Date
export function toDate(instant: number | null): Date | null
export function toDate(instant: number | null): Date | null {
  return instant === null ? null : new Date(instant)
}

export function toMs(date: Date): number
export function toMs(date: Date | null): number | null
export function toMs(date: Date | null): number | null {
  return date === null ? null : date.getTime()
}
