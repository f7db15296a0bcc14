/**
 * Days as a browser's field has them, `YYYY-MM-DD` in the zone of whoever looks, and instants.
 *
 * @module
 */

/** The day before an end, of which nothing is left at that instant; empty when there is no end. */
export function lastDayOf(endsAt: string | null): string {
  if (endsAt === null) return ''
  const last = new Date(Date.parse(endsAt) - 1)
  const two = (part: number): string => String(part).padStart(2, '0')
  return `${last.getFullYear()}-${two(last.getMonth() + 1)}-${two(last.getDate())}`
}

/** Null when it is no day. */
export function startOfDay(day: string | undefined, daysLater: number): string | null {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day ?? '') ?? []
  if (date === undefined) return null
  return new Date(Number(year), Number(month) - 1, Number(date) + daysLater).toISOString() // days have 23 to 25 hours
}
