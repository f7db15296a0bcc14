/**
 * Text of others in one line: a title is a mail's subject.
 *
 * @module
 */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
}
