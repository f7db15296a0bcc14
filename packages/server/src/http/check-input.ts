/**
 * What no operation takes, whatever its schema: characters that the database cannot keep, and nesting that only an attack has.
 *
 * @module
 */
import { AppError } from '../domain/errors.ts'

/** Objects and lists within each other. */
export const MAX_DEPTH = 32

/** @throws AppError `invalid` for NUL or half a surrogate pair in any text or name, and for deep nesting */
export function checkInput(input: unknown): void {
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value: input, depth: 0 }]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value, depth } = next
    if (typeof value === 'string') checkText(value)
    if (typeof value !== 'object' || value === null) continue
    if (depth >= MAX_DEPTH)
      throw new AppError('invalid', `Reading the request: it is nested deeper than ${MAX_DEPTH}: flatten it.`)
    for (const [name, inner] of Object.entries(value)) {
      checkText(name)
      left.push({ value: inner, depth: depth + 1 })
    }
  }
}

function checkText(text: string): void {
  if (!text.includes('\0') && text.isWellFormed()) return
  throw new AppError('invalid', 'Reading the request: a text holds NUL or half a surrogate pair: send plain Unicode text.')
}
