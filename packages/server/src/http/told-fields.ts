/**
 * Which fields of a request the audit log tells, and when: what somebody typed is there only of what was done. What is refused, fails or ends in the
 * middle may have a secret in any field, so of that there are choices, figures and ids alone.
 *
 * @module
 */
import { isId } from '../domain/id.ts'
import { withoutCredentials } from './problem.ts'

/** Of every operation that takes one of these, its schema lets through nothing but options, figures, switches and instants. */
export const CHOSEN = [
  'role',
  'scopes',
  'expiresAt',
  'format',
  'port',
  'amountMinor',
  'currency',
  'enabled',
  'checks',
  'installation',
  'status',
  'newUsers',
  'decision',
  'days',
] as const

const IDS = ['certificateId', 'productId', 'issuerId', 'targetId'] as const

/** Whatever else an operation takes stays out of the log: a new field is secret until it is named here. */
const TYPED = [
  'name',
  'title',
  'kind',
  'email',
  'host',
  'reference',
  'brand',
  'tags',
  'issuer',
  'clientId',
  'allowedDomains',
] as const

const MAX_TEXT = 200
const MAX_LIST = 20

/** @param input that its schema let through */
export function chosenIn(input: unknown): Record<string, unknown> {
  const ids = fieldsOf(input, IDS)
  return {
    ...fieldsOf(input, CHOSEN),
    ...Object.fromEntries(Object.entries(ids).filter(([, value]) => typeof value === 'string' && isId(value))),
  }
}

/** Of what was done. @param input that its schema let through */
export function toldIn(input: unknown): Record<string, unknown> {
  const config = fieldOf(input, 'config')
  const settings = typeof config === 'object' && config !== null ? { settings: Object.keys(config).toSorted() } : {}
  return { ...fieldsOf(input, [...TYPED, ...CHOSEN, ...IDS]), ...settings }
}

export function textIn(value: unknown, name: string): string | null {
  const field = fieldOf(value, name)
  return typeof field === 'string' ? toText(field) : null
}

function fieldsOf(input: unknown, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const told = toTold(fieldOf(input, name))
      return told === null ? [] : [[name, told] as const]
    }),
  )
}

function toTold(value: unknown): string | number | boolean | readonly string[] | null {
  if (typeof value === 'string') return toText(value)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.slice(0, MAX_LIST).map(toText)
  return null
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : null
}

function toText(text: string): string {
  return withoutCredentials(text).slice(0, MAX_TEXT).replaceAll('\0', '').toWellFormed()
}
