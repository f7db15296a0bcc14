/**
 * The account that this tab is in: it stays when another tab, of the same session, goes into another one.
 *
 * @module
 */
const PLACE = 'evercert.account'

/** Null: the one that the session was in last. */
export function readTabAccount(): string | null {
  return sessionStorage.getItem(PLACE)
}

/** Null forgets it. */
export function writeTabAccount(accountId: string | null): void {
  if (accountId === null) sessionStorage.removeItem(PLACE)
  else sessionStorage.setItem(PLACE, accountId)
}
