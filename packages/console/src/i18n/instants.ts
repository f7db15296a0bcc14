/**
 * Instants as the reader's zone and language write them.
 *
 * @module
 */
const FORMATS = {
  day: { year: 'numeric', month: '2-digit', day: '2-digit' },
  minute: { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  second: {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
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

export type SentencePart = { readonly text: string } | { readonly at: string }

/** The words of a sentence of the API, and the instants between them. */
export function partsOf(text: string): readonly SentencePart[] {
  const parts: SentencePart[] = []
  let from = 0
  for (const { 0: whole, 1: day = '', 2: time = '', index } of text.matchAll(IN_SENTENCES)) {
    parts.push({ text: text.slice(from, index) }, { at: `${day}T${time}:00Z` })
    from = index + whole.length
  }
  return [...parts, { text: text.slice(from) }]
}

/** The API's sentences say instants in UTC: it does not know where they are read. */
export function inOwnZone(text: string, language: 'zh' | 'en'): string {
  return text.replaceAll(IN_SENTENCES, (_, day: string, time: string) => formatInstant(`${day}T${time}:00Z`, 'minute', language))
}
