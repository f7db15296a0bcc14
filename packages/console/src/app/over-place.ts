/**
 * Over which page a drawer lies: over the list, with its filters in the address, or over the page of the certificate where it was opened. Closed, it
 * leaves that page as it was.
 *
 * @module
 */
import { useLocationProperty } from 'wouter/use-browser-location'

const NAME = 'on'
const CERTIFICATE = 'certificate'

function isOnCertificate(): boolean {
  return new URLSearchParams(location.search).get(NAME) === CERTIFICATE
}

/** Drawn anew only when that changes, not for each filter. */
export function useIsOnCertificate(): boolean {
  return useLocationProperty(isOnCertificate)
}

/**
 * The address of something that opens over the page on which it is pressed.
 *
 * @param href of a part of a certificate, for instance `/certificates/crt_1/renewal`
 */
export function placeOver(href: string): string {
  return placeWith(href, null)
}

/** The same place, without a part of its query. */
export function placeWithout(name: string): string {
  return placeWith(location.pathname, name)
}

function placeWith(href: string, left: string | null): string {
  const [path = '', query = ''] = href.split('?')
  const certificatePlace = path.slice(0, path.lastIndexOf('/'))
  const params = new URLSearchParams(location.pathname === certificatePlace ? { [NAME]: CERTIFICATE } : location.search)
  for (const [name, value] of new URLSearchParams(query)) params.set(name, value)
  if (left !== null) params.delete(left)
  return params.size === 0 ? path : `${path}?${params.toString()}`
}
