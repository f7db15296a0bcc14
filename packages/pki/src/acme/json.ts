/**
 * Reading JSON of a CA: fields that are missing, unknown or of another type are as if absent.
 *
 * @module
 */

export type JsonObject = Readonly<Record<string, unknown>>

/** The value; undefined when the bytes are not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown
  } catch {
    // A CA may answer with anything, HTML for instance; the caller decides what that means.
    return undefined
  }
}

export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function stringIn(object: JsonObject, field: string): string | null {
  const value = object[field]
  return typeof value === 'string' ? value : null
}

/** Epoch milliseconds of an RFC 3339 time; null when absent or not a time. */
export function instantIn(object: JsonObject, field: string): number | null {
  const ms = Date.parse(stringIn(object, field) ?? '')
  return Number.isNaN(ms) ? null : ms
}
