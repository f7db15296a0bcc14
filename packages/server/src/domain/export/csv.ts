/**
 * CSV for spreadsheets (RFC 4180), in UTF-8.
 *
 * @module
 */

/** Spreadsheets take a file for UTF-8 only with it. */
export const BYTE_ORDER_MARK = '\uFEFF'

/**
 * A spreadsheet runs a cell that begins so as a formula, and names come from outside; with an apostrophe in front it is text.
 * Tab, return and line feed are skipped by some before they look.
 */
const RUNS_AS_FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u

export type CsvCell = string | number | boolean | null

/** One row with its line end. Numbers are ours, and stay numbers, also negative ones. */
export function toCsvRow(cells: readonly CsvCell[]): string {
  return `${cells.map((cell) => toCell(cell)).join(',')}\r\n`
}

function toCell(cell: CsvCell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const text = RUNS_AS_FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
