/**
 * The texts whose plan PostgreSQL keeps, with the name under which it does.
 *
 * @module
 */
const namesByText = new Map<string, string>()

/** One plan must fit all values of its parameters. */
export function nameStatement(text: string): void {
  if (!namesByText.has(text)) namesByText.set(text, `worked-out-${namesByText.size + 1}`)
}

/** @returns null for a text that is planned each time */
export function statementNameOf(text: string): string | null {
  return namesByText.get(text) ?? null
}
