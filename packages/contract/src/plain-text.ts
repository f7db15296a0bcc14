/**
 * What other programs say, as text that can be kept: a database takes neither NUL nor half a surrogate pair, and control characters drive terminals.
 *
 * @module
 */

// C0 but for tabs and the ends of lines, DEL, C1.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g

export function plainText(text: string): string {
  return text.replaceAll(CONTROLS, '').toWellFormed()
}
