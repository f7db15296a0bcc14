/**
 * Gathers, through the API, everything that decides the next step of a renewal.
 *
 * @module
 */
import type { CertificateDetail, OrderView, RenewalView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import type { RenewalFacts } from './decide-step.ts'

/** Orders that are looked through for those of one certificate, newest first. */
const MAX_ORDERS = 2_000
const PAGE_SIZE = 200

/**
 * The certificate to renew when somebody names this one: itself, or the one that it is the renewal of, unfinished or, as long as the next one is
 * not due, finished: whoever runs an interrupted command again gets the same result, however far the service went meanwhile. An upload is
 * nobody's: it was finished when it came, whatever it follows.
 */
export async function findOld(client: Client, named: CertificateDetail): Promise<CertificateDetail> {
  const { renewalProcess, renewsCertificateId, renewal } = named
  if (renewsCertificateId === null || named.origin === 'uploaded' || renewal.eligible || named.renewedByCertificateId !== null)
    return named
  if (renewalProcess !== null && renewalProcess.oldCertificateId === named.id) return named
  if (renewalProcess?.state === 'closed' && !isOnlyEarly(renewal)) return named
  return client.certificates.get({ id: renewsCertificateId })
}

/** Nothing is wrong with it, and nothing is to be done: its time has not come. */
function isOnlyEarly({ action, reasons }: CertificateDetail['renewal']): boolean {
  return action === null && reasons.every(({ code }) => code === 'renewalNotYetOpen' || code === 'entitlementContinues')
}

/** Reads the state of the renewal of `oldId`. Changes nothing. */
export async function loadFacts(client: Client, oldId: string): Promise<RenewalFacts> {
  const old = await client.certificates.get({ id: oldId })
  const renewal = await findRenewalOf(client, old)
  const isLive = renewal !== null && renewal.state !== 'cancelled'
  const order = isLive ? await client.orders.get({ id: renewal.orderId }) : await findPlaced(client, old)
  const newId = isLive ? (renewal.newCertificateId ?? order?.certificateId ?? null) : null
  if (newId === null) return { old, renewal, order, fresh: null, application: null }
  const [fresh, application] = await Promise.all([client.certificates.get({ id: newId }), client.applications.get({ id: newId })])
  return { old, renewal, order, fresh, application }
}

/** A certificate that is a renewal itself shows that one: the next one is that of its successor, which is there once it is paid. */
async function findRenewalOf(client: Client, old: CertificateDetail): Promise<RenewalView | null> {
  const isNextOf = (renewal: RenewalView | null) => renewal !== null && renewal.oldCertificateId === old.id
  if (isNextOf(old.renewalProcess)) return old.renewalProcess
  if (old.renewedByCertificateId === null) return null
  const { renewalProcess } = await client.certificates.get({ id: old.renewedByCertificateId })
  return isNextOf(renewalProcess) ? renewalProcess : null
}

/** An order that waits for payment, in case the answer to it was lost before the renewal was seen. */
async function findPlaced(client: Client, old: CertificateDetail): Promise<OrderView | null> {
  if (!old.renewal.reasons.some(({ code }) => code === 'alreadyRenewed')) return null
  return (await loadRenewalOrders(client, old.id)).find(({ state }) => state === 'placed') ?? null
}

async function loadRenewalOrders(client: Client, oldId: string): Promise<OrderView[]> {
  const orders: OrderView[] = []
  let cursor: string | null = null
  for (let seen = 0; seen < MAX_ORDERS; seen += PAGE_SIZE) {
    const page: { items: OrderView[]; nextCursor: string | null } = await client.orders.list({
      limit: PAGE_SIZE,
      ...(cursor === null ? {} : { cursor }),
    })
    orders.push(...page.items.filter(({ renewsCertificateId }) => renewsCertificateId === oldId))
    cursor = page.nextCursor
    if (cursor === null) break
  }
  return orders
}

/**
 * The idempotency key of one attempt at renewing: the same until an order of this certificate is given up, then another.
 * An interruption between request and answer therefore never makes a second order, and a cancelled one is not answered with again.
 */
export async function loadOrderKey(client: Client, oldId: string): Promise<string> {
  const orders = await loadRenewalOrders(client, oldId)
  return orderKey(oldId, orders)
}

/** Pure part of {@link loadOrderKey}. */
export function orderKey(oldId: string, earlier: readonly Pick<OrderView, 'state'>[]): string {
  const givenUp = earlier.filter(({ state }) => state !== 'placed' && state !== 'paid').length
  return `renew-${oldId}-${givenUp + 1}`
}

/** One payment for each order, whoever asks for it and how often. */
export function paymentKey(orderId: string): string {
  return `pay-${orderId}`
}
