/**
 * Who comes before the service is ready. The address has to be known before the catalogue can be made, so it listens earlier than it can answer.
 *
 * @module
 */
/** @param connection what the listener knows of it, the network address among it: whoever passes a request on passes this on too */
export type Fetch = (request: Request, connection?: object) => Response | Promise<Response>

/** Until it is opened all but `/healthz` is told to come again: 503 with `Retry-After` (RFC 9110 §15.6.4). */
export function createDoor(fetch: Fetch): { readonly fetch: Fetch; readonly open: () => void } {
  let isOpen = false
  return {
    fetch: (request, connection) =>
      isOpen || new URL(request.url).pathname === '/healthz'
        ? fetch(request, connection)
        : new Response('starting', { status: 503, headers: { 'retry-after': '1' } }),
    open: () => {
      isOpen = true
    },
  }
}
