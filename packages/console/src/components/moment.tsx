/**
 * Times in the zone of whoever looks, in UTC when they point at it.
 *
 * @module
 */
import { currentLanguage, TAGS } from '../i18n/i18n.ts'

const FORMATS = {
  day: { year: 'numeric', month: '2-digit', day: '2-digit' },
  minute: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false },
  second: {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>

export type Precision = keyof typeof FORMATS

const formatters = new Map<string, Intl.DateTimeFormat>()

/** English writes the day as ISO 8601 does: nobody has to guess which number is the month. */
export function formatMoment(at: string, precision: Precision): string {
  const tag = currentLanguage() === 'en' ? 'sv-SE' : TAGS.zh
  const key = `${tag} ${precision}`
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(tag, FORMATS[precision])
  formatters.set(key, formatter)
  return formatter.format(new Date(at))
}

export function Moment({ at, precision = 'minute' }: { readonly at: string; readonly precision?: Precision }) {
  return (
    <time dateTime={at} title={`${at.slice(0, 19).replace('T', ' ')} UTC`} className="number moment">
      {formatMoment(at, precision)}
    </time>
  )
}
