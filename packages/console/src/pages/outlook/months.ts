/**
 * Months and days of the pictures, all in UTC, as the service counts them.
 *
 * @module
 */
import type { RenewalForecast } from '@evercert/contract'
import { currentLanguage, TAGS } from '../../i18n/i18n.ts'

export type Month = RenewalForecast['months'][number]

export function sumOf(months: readonly Month[]): number {
  return months.reduce((sum, { renewals }) => sum + renewals, 0)
}

/** @param month `YYYY-MM` */
export function monthName(month: string, length: 'short' | 'long'): string {
  const options: Intl.DateTimeFormatOptions = { month: length, timeZone: 'UTC' }
  if (length === 'long') options.year = 'numeric'
  return new Intl.DateTimeFormat(TAGS[currentLanguage()], options).format(new Date(`${month}-01T00:00:00Z`))
}

/** The day on which a rule begins. */
export function ruleDay(from: string | null): string {
  return from === null ? '' : from.slice(0, 10)
}
