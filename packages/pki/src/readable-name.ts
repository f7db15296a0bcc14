/**
 * A distinguished name for people, in Node and in a browser.
 *
 * @module
 */

/** `, ` that no `\` takes for a part of a value; a `\` that is itself escaped takes nothing. */
const PARTS = /(?:[^\\,]|\\.|,(?! ))+/gs
const ESCAPED = /\\([ "#+,;<=>\\])/g

/**
 * What the common name says comes first, and nothing is escaped: `CN=R3, O=Example, Inc., C=US`. It is for reading alone: where one
 * attribute ends cannot always be told from it.
 *
 * @param name in the encoded order, as certificates of the API have it: `C=US, O=Example\, Inc., CN=R3`
 */
export function readableName(name: string): string {
  const parts = name.match(PARTS) ?? []
  return parts
    .map((part) => part.trimStart().replaceAll(ESCAPED, '$1'))
    .toReversed()
    .join(', ')
}
