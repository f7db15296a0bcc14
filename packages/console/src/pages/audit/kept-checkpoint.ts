/**
 * A checkpoint as somebody kept it.
 *
 * @module
 */

/** Its JWS, from the file that was saved or as it is; null: none was given. What is neither is left for the service to refuse. */
export function readKept(text: string): string | null {
  const trimmed = text.trim()
  if (trimmed === '') return null
  if (!trimmed.startsWith('{')) return trimmed
  try {
    const { jws } = JSON.parse(trimmed) as { readonly jws?: unknown }
    return typeof jws === 'string' ? jws : trimmed
  } catch {
    return trimmed
  }
}
