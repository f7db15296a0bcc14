/**
 * Instants as the reader's zone and language write them.
 *
 * @module
 */
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
export function formatInstant(at: string, precision: Precision, language: 'zh' | 'en'): string {
  const tag = language === 'en' ? 'sv-SE' : 'zh-CN'
  const key = `${tag} ${precision}`
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat(tag, FORMATS[precision])
  formatters.set(key, formatter)
  return formatter.format(new Date(at))
}

const IN_SENTENCES = /\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g

/** The API's sentences say instants in UTC: it does not know where they are read. */
export function inOwnZone(text: string, language: 'zh' | 'en'): string {
  return text.replaceAll(IN_SENTENCES, (_, day: string, time: string) => formatInstant(`${day}T${time}:00Z`, 'minute', language))
}
