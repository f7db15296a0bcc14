/**
 * The one shape of a failure (RFC 9457): a code to switch on, and cause and remedy in both languages.
 *
 * @module
 */
import { z } from 'zod'
import { bodyLimitTexts } from './body-limit-texts.ts'
import { PROBLEM_TEXTS } from './problem-texts.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'
import { bilingual } from './views.ts'

export const problemDocument = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
  /** What was attempted, what happened, what to do: the specific sentence. */
  detail: z.string(),
  cause: bilingual,
  remedy: bilingual,
  facts: z.record(z.string(), z.unknown()),
  requestId: z.string().nullable(),
})
export type ProblemDocument = z.infer<typeof problemDocument>

/** Renders a problem; `type` is a URN, since the texts are in the document itself. */
export function toProblemDocument(
  code: ProblemCode,
  detail: string,
  extra: { facts?: Readonly<Record<string, unknown>>; requestId?: string | null } = {},
): ProblemDocument {
  const { status, title } = PROBLEMS[code]
  const { cause, remedy } = bodyLimitTexts(code, extra.facts) ?? PROBLEM_TEXTS[code]
  return {
    type: `urn:evercert:problem:${code}`,
    title,
    status,
    code,
    detail,
    cause,
    remedy,
    facts: { ...extra.facts },
    requestId: extra.requestId ?? null,
  }
}
