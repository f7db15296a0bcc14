/**
 * Texts of one line: names, titles, references. They stand in subjects of mails, in logs, tables and files of others, where a line break would begin
 * something else, and what turns the direction of writing would make one name look like another.
 *
 * @module
 */
import { z } from 'zod'

// C0, DEL, C1, the separators of lines and paragraphs, and the controls of direction that open or close a stretch.
// oxlint-disable-next-line no-control-regex
export const ONE_LINE = /^[^\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]*$/

/** As it is kept: two ways to write one text (é, or e with an accent after it) are one, so that names are compared as people read them. */
export function toLine(text: string): string {
  return text.trim().normalize('NFC')
}

/** @param least 0 where nothing may be said */
export function line(most: number, least: 0 | 1 = 1) {
  return z.string().overwrite(toLine).min(least).max(most).regex(ONE_LINE, 'must be one line without control characters')
}
