/**
 * Domains as people write them: one a line, or with commas or blanks between them.
 *
 * @module
 */

/** In their order, each once. */
export function splitDomains(text: string): string[] {
  return [...new Set(text.split(/[\s,;，；、]+/).filter((part) => part !== ''))]
}
