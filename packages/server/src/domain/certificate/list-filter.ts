/**
 * What people enter to find certificates, in the form in which the database keeps it. Nothing here is refused that could be found.
 *
 * @module
 */
import type { CertificateQuery, ExportQuery } from '@evercert/contract'
import { AppError } from '../errors.ts'

export interface ListFilter {
  /** Nothing but these; null: all. */
  readonly ids: readonly string[] | null
  readonly status: NonNullable<CertificateQuery['status']> | null
  readonly search: SearchTerms | null
  /** Lower case: the beginning of a word. */
  readonly name: string | null
  /** As in certificates: the domain or a parent of it. */
  readonly domain: string | null
  readonly sha256: string | null
  readonly serial: string | null
  readonly brand: string | null
  /** Lower case: a part of it. */
  readonly issuer: string | null
  readonly origin: 'purchased' | 'uploaded' | null
  /** Epoch milliseconds. */
  readonly expiresFrom: number | null
  readonly expiresTo: number | null
  readonly waitsFor: NonNullable<CertificateQuery['waitsFor']> | null
  readonly tags: readonly string[]
  readonly anyTags: readonly string[]
  /** Nothing without one of these is found; null: the caller sees all. */
  readonly narrowedTo: readonly string[] | null
}

/** One text that may be the beginning of any of these. */
export interface SearchTerms {
  readonly words: readonly string[]
  readonly hex: string | null
  readonly id: string
}

/** Shorter ones are the beginning of too many fingerprints to mean one. */
const SHORTEST_HEX = 8

/** @throws AppError `invalid` for a fingerprint or serial number that is no hex */
export function toListFilter(query: ExportQuery): ListFilter {
  return {
    ids: query.ids ?? null,
    status: query.status ?? null,
    search: toSearchTerms(query.search ?? ''),
    name: query.name?.toLowerCase() ?? null,
    domain: query.domain === undefined ? null : toAsciiDomain(query.domain),
    sha256: query.fingerprint === undefined ? null : readHex('fingerprint', query.fingerprint),
    serial: query.serial === undefined ? null : readHex('serial', query.serial),
    brand: query.brand ?? null,
    issuer: query.issuer?.toLowerCase() ?? null,
    origin: query.origin ?? null,
    expiresFrom: toInstant(query.expiresFrom),
    expiresTo: toInstant(query.expiresTo),
    waitsFor: query.waitsFor ?? null,
    tags: parseTags(query.tags),
    anyTags: parseTags(query.anyTags),
    narrowedTo: null,
  }
}

/** Whether it leaves out anything that is not closed, of what the caller sees. */
export function leavesOut({ narrowedTo: _seen, ...conditions }: ListFilter): boolean {
  return Object.values(conditions).some((condition) => (Array.isArray(condition) ? condition.length > 0 : condition !== null))
}

function toInstant(iso: string | undefined): number | null {
  return iso === undefined ? null : Date.parse(iso)
}

function toSearchTerms(entered: string): SearchTerms | null {
  const text = entered.trim()
  if (text === '') return null
  const words = [...new Set([text.toLowerCase(), ...(isAscii(text) ? [] : [toAsciiDomain(text)])])]
  const hex = toHex(text)
  return { words, hex: hex !== null && hex.length >= SHORTEST_HEX ? hex : null, id: text }
}

/** A-labels in lower case, without the root's dot; what is no domain stays as it is, in lower case. */
export function toAsciiDomain(entered: string): string {
  const text = entered
    .trim()
    .toLowerCase()
    .replaceAll(/[。．｡]/gu, '.') // Chinese input methods type them
    .replace(/\.$/u, '')
  const wildcard = text.startsWith('*.') ? '*.' : ''
  const base = text.slice(wildcard.length)
  if (isAscii(base) || /[\s/\\?#@:%]/u.test(base)) return text
  const ascii = URL.parse(`https://${base}/`)?.hostname ?? ''
  return ascii === '' ? text : wildcard + ascii
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/u.test(text)
}

/** Lower-case digits without separators; null for what is no hex. */
function toHex(text: string): string | null {
  const digits = text.toLowerCase().replaceAll(/[:\s]/gu, '')
  return /^[0-9a-f]+$/u.test(digits) ? digits : null
}

function readHex(field: string, text: string): string {
  const hex = toHex(text)
  if (hex !== null) return hex
  throw new AppError('invalid', `Reading ${field}: "${text}" is no hex number: send its digits, with or without colons.`)
}

/** From a comma-separated list: lower case, each once, sorted. */
export function parseTags(list: string | undefined): readonly string[] {
  const tags = (list ?? '').split(',').map((one) => one.trim().toLowerCase())
  return [...new Set(tags)].filter((one) => one !== '').toSorted()
}
