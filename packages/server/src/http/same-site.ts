/**
 * Requests that carry a cookie are made by pages of this service alone. The cookie is SameSite=Lax; this is the second lock, and it holds
 * against pages on other ports and names of the same site as well.
 *
 * @module
 */
import { AppError } from '../domain/errors.ts'

/**
 * Every browser of today says where a request comes from (Fetch Metadata); where that is missing, `Origin` has to be ours. Requests
 * that only read are let through: nothing is changed by them, and no other page can read their answer.
 *
 * @throws AppError `crossSite`
 */
export function refuseOtherSites(
  request: { readonly method: string; readonly headers: Headers },
  publicUrl: string | null,
): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  const site = request.headers.get('sec-fetch-site')
  if (site === null ? isOwnOrigin(request.headers, publicUrl) : site === 'same-origin') return
  throw new AppError(
    'crossSite',
    'Handling the request: it carries a session and comes from no page of this service: use its console, or an API token.',
  )
}

function isOwnOrigin(headers: Headers, publicUrl: string | null): boolean {
  const origin = headers.get('origin')
  if (origin === null || !URL.canParse(origin)) return false
  const [own, host] = [publicUrl === null ? null : new URL(publicUrl), headers.get('host')]
  if (own !== null && (own.origin === origin || own.host === host)) return own.origin === origin // a page of http is not ours of https
  return new URL(origin).host === host
}
