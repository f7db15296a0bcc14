/**
 * What a problem code says to people.
 *
 * @module
 */
import type { Bilingual } from './views.ts'

export interface ProblemText {
  readonly cause: Bilingual
  readonly remedy: Bilingual
}

export const text = (causeEn: string, causeZh: string, remedyEn: string, remedyZh: string): ProblemText => ({
  cause: { en: causeEn, zh: causeZh },
  remedy: { en: remedyEn, zh: remedyZh },
})
