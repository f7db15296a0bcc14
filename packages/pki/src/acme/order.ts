/**
 * Orders (RFC 8555 §7.1.3, §7.4).
 *
 * @module
 */
import type { AcmeAccount, AcmeClient } from './client.ts'
import { linksOf, locationOf } from './headers.ts'
import { asList, asObject, instantIn, parseJson, stringIn } from './json.ts'
import { AcmeProblem, invalidResponse, problemOfField } from './problem.ts'
import type { AcmeResponse } from './transport.ts'

const STATUSES = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const
export type OrderStatus = (typeof STATUSES)[number]

export interface AcmeOrder {
  readonly url: string
  readonly status: OrderStatus
  /** DNS names, wildcards with `*.`; identifiers of other types are left out. */
  readonly names: readonly string[]
  readonly authorizationUrls: readonly string[]
  readonly finalizeUrl: string
  /** Null until the order is valid. */
  readonly certificateUrl: string | null
  /** Epoch milliseconds; null when the CA does not say. */
  readonly expiresAt: number | null
  readonly notBefore: number | null
  readonly notAfter: number | null
  /** Why the order failed; null when it did not, or when only its authorizations say why. */
  readonly problem: AcmeProblem | null
  readonly retryAfterSeconds: number | null
}

export interface OrderRequest {
  /** A-labels, wildcards with `*.`. */
  readonly names: readonly string[]
  /** Epoch milliseconds, sent in whole seconds. CAs that decide themselves may refuse it. */
  readonly notAfter?: number | null
  /** The certificate that this order renews (RFC 9773 §5), see `ariCertId`. */
  readonly replaces?: string | null
  readonly profile?: string | null
}

/** A list longer than this many pages is not read to its end. */
const MAX_PAGES = 1000

/** @throws AcmeProblem `rejectedIdentifier`, `rateLimited`, `alreadyReplaced`, … */
export async function placeOrder(client: AcmeClient, account: AcmeAccount, request: OrderRequest): Promise<AcmeOrder> {
  const { newOrder } = await client.directory()
  const { names, notAfter = null, replaces = null, profile = null } = request
  const response = await client.post(account, newOrder, {
    identifiers: names.map((value) => ({ type: 'dns', value })),
    ...(notAfter !== null && { notAfter: new Date(notAfter).toISOString().replace(/\.\d+Z$/, 'Z') }),
    ...(replaces !== null && { replaces }),
    ...(profile !== null && { profile }),
  })
  const url = locationOf(response.headers['location'], newOrder)
  if (url === null) throw invalidResponse('the new order has no Location', response.status)
  return toOrder(client, url, response)
}

/** Changes nothing. */
export async function readOrder(client: AcmeClient, account: AcmeAccount, url: string): Promise<AcmeOrder> {
  return toOrder(client, url, await client.post(account, url, null))
}

/**
 * Asks the CA to issue. An order that is not `ready`, by its status here or at the CA, is read and not finalized again.
 *
 * @param csrDer its names must equal the order's
 * @throws AcmeProblem `badCSR`, `rateLimited`, `caa`, …
 */
export async function finalizeOrder(
  client: AcmeClient,
  account: AcmeAccount,
  order: Pick<AcmeOrder, 'url' | 'status' | 'finalizeUrl'>,
  csrDer: Uint8Array,
): Promise<AcmeOrder> {
  if (order.status !== 'ready') return readOrder(client, account, order.url)
  try {
    const response = await client.post(account, order.finalizeUrl, { csr: Buffer.from(csrDer).toString('base64url') })
    return toOrder(client, order.url, response)
  } catch (error) {
    if (error instanceof AcmeProblem && error.type === 'orderNotReady') return readOrder(client, account, order.url)
    throw error
  }
}

/** The URLs of the account's orders, page by page (RFC 8555 §7.1.2.1). A page that leads back to itself ends the list. */
export async function* listOrderUrls(client: AcmeClient, account: AcmeAccount, ordersUrl: string): AsyncGenerator<string> {
  const seen = new Set<string>()
  let next: string | undefined = ordersUrl
  while (next !== undefined && !seen.has(next) && seen.size < MAX_PAGES) {
    const page: string = next
    seen.add(page)
    const response: AcmeResponse = await client.post(account, page, null)
    const body = parseJson(response.body)
    // step-ca and Caddy send the bare list instead of `{ "orders": [...] }`.
    for (const url of asList(asObject(body)?.['orders'] ?? body)) if (typeof url === 'string') yield url
    next = linksOf(response.headers['link'], 'next', page)[0]
  }
}

function toOrder(client: AcmeClient, url: string, response: AcmeResponse): AcmeOrder {
  const object = asObject(parseJson(response.body))
  const status = STATUSES.find((known) => known === object?.['status'])
  const finalizeUrl = object && stringIn(object, 'finalize')
  if (!object || !status || !finalizeUrl) throw invalidResponse(`no order at ${url}`, response.status)
  return {
    url,
    status,
    names: asList(object['identifiers']).flatMap((entry) => {
      const identifier = asObject(entry) ?? {}
      const value = stringIn(identifier, 'value')
      return identifier['type'] === 'dns' && value !== null ? [value.toLowerCase()] : []
    }),
    authorizationUrls: asList(object['authorizations']).filter((entry) => typeof entry === 'string'),
    finalizeUrl,
    certificateUrl: stringIn(object, 'certificate'),
    expiresAt: instantIn(object, 'expires'),
    notBefore: instantIn(object, 'notBefore'),
    notAfter: instantIn(object, 'notAfter'),
    problem: problemOfField(object['error']),
    retryAfterSeconds: client.retryAfterSeconds(response),
  }
}
