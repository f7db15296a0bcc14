/**
 * A certificate's grade in the language of the page: the two that are shipped have words, the operator's own stand as they were given.
 *
 * @module
 */
import i18n from 'i18next'

export function gradeOf(grade: string): string {
  const key = `terms.grade.${grade}`
  return i18n.exists(key) ? String(i18n.t(key as 'terms.grade.standard')) : grade
}

/** Of an upload it may be unknown. */
export function knownGradeOf(grade: string | null): string | null {
  return grade === null ? null : gradeOf(grade)
}
