/**
 * The secret of a link that works once.
 *
 * @module
 */

/** By path. A page may be drawn twice before it is seen: the second time the secret is not in the address any more. */
const taken = new Map<string, string>()

/** What stands after `#token=`; it never reaches a server's log, and leaves the address bar at once. Null: the link is not complete. */
export function takeLinkToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token')
  if (token === null) return taken.get(location.pathname) ?? null
  taken.set(location.pathname, token)
  history.replaceState(history.state, '', location.pathname)
  return token
}
