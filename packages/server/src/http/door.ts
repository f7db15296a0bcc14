/**
 * Who comes before the service is ready. The address has to be known before the catalogue can be made, so it listens earlier than it can answer.
 *
 * @module
 */
export type Fetch = (request: Request) => Response | Promise<Response>

/** Until it is opened all but `/healthz` is told to come again: 503 with `Retry-After` (RFC 9110 §15.6.4). */
export function createDoor(fetch: Fetch): { readonly fetch: Fetch; readonly open: () => void } {
  let isOpen = false
  return {
    fetch: (request) =>
      isOpen || new URL(request.url).pathname === '/healthz'
        ? fetch(request)
        : new Response('starting', { status: 503, headers: { 'retry-after': '1' } }),
    open: () => {
      isOpen = true
    },
  }
}
