/**
 * The secret of a link that works once.
 *
 * @module
 */

/** What stands after `#token=`; it never reaches a server's log, and leaves the address bar at once. Null: the link is not complete. */
export function takeLinkToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token !== null) history.replaceState(history.state, '', location.pathname)
  return token
}
