/**
 * Response headers that ACME gives a meaning: Retry-After (RFC 9110 §10.2.3), Location (§10.2.2) and Link (RFC 8288).
 *
 * @module
 */

/** A CA that asks to wait longer than its own limits last (Let's Encrypt: 7 days) is not believed. */
const LONGEST_WAIT_SECONDS = 30 * 86_400

/**
 * Seconds to wait, rounded up; null when the header is absent, not understood or in the past.
 *
 * @param now epoch milliseconds, for the form that is a date
 */
export function retryAfterSeconds(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? ''
  const seconds = /^\d{1,10}$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1000)
  return seconds > 0 ? Math.min(seconds, LONGEST_WAIT_SECONDS) : null
}

/** Where the resource that was made is, absolute; null when the header is absent or no URL. */
export function locationOf(header: string | undefined, base: string): string | null {
  const target = header?.trim() ?? ''
  return target !== '' && URL.canParse(target, base) ? new URL(target, base).href : null
}

/** The targets of one relation, absolute, in their order. */
export function linksOf(header: string | undefined, relation: string, base: string): string[] {
  const targets: string[] = []
  for (const [, target = '', parameters = ''] of (header ?? '').matchAll(/<([^<>]*)>((?:\s*;[^,;"]*(?:"[^"]*")?)*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters)
    const names = (relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/)
    if (names.includes(relation) && URL.canParse(target, base)) targets.push(new URL(target, base).href)
  }
  return targets
}
