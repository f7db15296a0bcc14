/**
 * Reading a failure, without the schemas: every client does it, and a browser before it has anything else.
 *
 * @module
 */
import type { ProblemDocument } from './problem-document.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'
import type { Bilingual } from './views.ts'

/** Null when the body is not a problem document of ours. */
export function parseProblem(body: unknown): ProblemDocument | null {
  if (!isObject(body)) return null
  const { type, title, status, code, detail, cause, remedy, facts, requestId } = body
  if (typeof type !== 'string' || typeof title !== 'string' || typeof detail !== 'string') return null
  if (typeof status !== 'number' || !Number.isInteger(status) || !isProblemCode(code)) return null
  if (!isBilingual(cause) || !isBilingual(remedy) || !isObject(facts)) return null
  if (requestId !== null && typeof requestId !== 'string') return null
  const texts = { cause: { en: cause.en, zh: cause.zh }, remedy: { en: remedy.en, zh: remedy.zh } }
  return { type, title, status, code, detail, ...texts, facts, requestId }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isBilingual(value: unknown): value is Bilingual {
  return isObject(value) && typeof value['en'] === 'string' && typeof value['zh'] === 'string'
}

function isProblemCode(value: unknown): value is ProblemCode {
  return typeof value === 'string' && Object.hasOwn(PROBLEMS, value)
}
