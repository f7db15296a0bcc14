/**
 * Instants, money and durations as people read them.
 *
 * @module
 */
import { minorDigits, type MoneyView } from '@evercert/contract'

/** `2026-12-05 06:00:00 UTC`; a dash for what is not there yet. */
export function formatInstant(instant: string | number | null): string {
  if (instant === null) return '–'
  return `${new Date(instant).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `2026-12-05`, in UTC. */
export function formatDay(instant: string | number | null): string {
  return instant === null ? '–' : new Date(instant).toISOString().slice(0, 10)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** As `openssl x509 -dates` prints it: `Nov  3 06:00:00 2026 GMT`. */
export function formatOpensslDate(instant: string | number): string {
  const date = new Date(instant)
  const time = date.toISOString().slice(11, 19)
  return `${MONTHS[date.getUTCMonth()]} ${String(date.getUTCDate()).padStart(2)} ${time} ${date.getUTCFullYear()} GMT`
}

/** `CN¥128.00` for CNY, as in the texts of the service, whatever the language; the digits after the point are the currency's own (JPY has none). */
export function formatMoney({ amountMinor, currency }: MoneyView): string {
  try {
    const digits = minorDigits(currency)
    const format = new Intl.NumberFormat('en', {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    })
    return format.format(amountMinor / 10 ** digits).replaceAll('\u00A0', ' ')
  } catch {
    return `${amountMinor} ${currency} (minor units)` // a currency that Intl does not take
  }
}

/** `240 ms`, `1.8 s`, `2 min 5 s`, `3 h 12 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1000)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
