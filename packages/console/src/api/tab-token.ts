/**
 * The API token that somebody signed in with: it stays in this tab and goes with it. Without one the browser's cookies say who calls.
 *
 * @module
 */
const PLACE = 'evercert.token'

/** Null: there is none. */
export function readTabToken(): string | null {
  return sessionStorage.getItem(PLACE)
}

/** Null forgets it. */
export function writeTabToken(token: string | null): void {
  if (token === null) sessionStorage.removeItem(PLACE)
  else sessionStorage.setItem(PLACE, token)
}
