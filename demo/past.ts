/**
 * How the site came to its old certificate: bought through Evercert and installed by it, almost a year ago. The same code does it, on
 * an earlier clock.
 *
 * @module
 */
import type { CertificateDetail, OrderView, ProductView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { SITE_NAME, type Stage } from './stage.ts'
import type { Site } from './site.ts'
import { waitFor } from './wait-for.ts'

export const DAYS_LEFT = 12
const DAY_MS = 86_400_000
/** The demo takes a minute or two; with an hour more the twelfth day is not over before it is. */
const MARGIN_MS = 3_600_000

/**
 * When to issue a certificate of one calendar year so that {@link DAYS_LEFT} whole days of it are left at `now`.
 * For two days in four years (29 February and its eve) there is no such instant, and it is one day less.
 */
export function issuedAtFor(now: number): number {
  const date = new Date(now + DAYS_LEFT * DAY_MS + MARGIN_MS)
  const isLeapDay = date.getUTCMonth() === 1 && date.getUTCDate() === 29
  if (isLeapDay) date.setUTCDate(28)
  date.setUTCFullYear(date.getUTCFullYear() - 1)
  return date.getTime()
}

/** The catalogue's product for one domain by the built-in private CA, one that can be renewed. */
export async function findProduct(client: Client): Promise<ProductView> {
  const { items } = await client.products.list()
  const product = items.find(
    ({ validityRule, supportsRenewal, specification }) =>
      validityRule === 'private' &&
      supportsRenewal &&
      specification.domainType === 'single' &&
      specification.certificateType === 'DV',
  )
  if (product === undefined) throw new Error('The catalogue has no renewable single-domain product of the built-in private CA.')
  return product
}

/** Money for this order and the renewal to come, then order and payment. */
export async function buy(client: Client, product: ProductView): Promise<OrderView> {
  const price = product.prices.find(({ termYears }) => termYears === 1)?.base
  if (price === undefined) throw new Error(`${product.id} is not sold for one year.`)
  const money = { amountMinor: Math.max(1, price.amountMinor * 2), currency: price.currency, note: 'Demo' }
  await client.balance.topUp(money, { context: { idempotencyKey: 'demo-top-up' } })
  const request = { productId: product.id, termYears: 1, domainCount: 1 }
  const order = await client.orders.place(request, { context: { idempotencyKey: 'demo-first-order' } })
  return client.orders.pay({ id: order.id, method: 'balance' }, { context: { idempotencyKey: 'demo-first-payment' } })
}

/** Sends the form and waits until the CA fetched the file from the site and issued. */
export async function obtain(client: Client, certificateId: string, signal: AbortSignal): Promise<CertificateDetail> {
  await client.applications.submit({
    id: certificateId,
    domains: [SITE_NAME],
    validationMethod: 'file',
    dnsConnectionId: null,
    contact: { name: 'Demo Operator', email: 'operator@evercert.test', phone: '+86 10 0000 0000' },
    key: 'p256',
    csrPem: null,
  })
  return waitForIssuance(client, certificateId, signal)
}

/** @throws Error with the CA's reason when it refuses */
export function waitForIssuance(client: Client, id: string, signal: AbortSignal): Promise<CertificateDetail> {
  const look = async () => {
    const certificate = await client.certificates.get({ id })
    if (certificate.status === 'reviewFailed') {
      const { problem } = await client.applications.get({ id })
      throw new Error(`The CA refused the application: ${problem?.detail ?? 'without a reason'}`)
    }
    return certificate.sha256 === null ? null : certificate
  }
  return waitFor(look, { what: 'the CA to issue', signal })
}

/** Tells Evercert where the certificate is installed and who is served by it, and waits for the proof of both. */
export async function install(client: Client, certificate: CertificateDetail, site: Site, stage: Stage): Promise<void> {
  await site.enableHttps()
  const { certificatePath, keyPath, testCommand, reloadCommand } = site
  await client.endpoints.create({ certificateId: certificate.id, host: SITE_NAME, port: stage.httpsPort })
  await client.targets.create({
    certificateId: certificate.id,
    name: site.title,
    kind: 'localFiles',
    config: { certificatePath, keyPath, testCommand, reloadCommand },
  })
  const look = async () => {
    const seen = await client.certificates.get({ id: certificate.id })
    const observations = seen.endpoints.flatMap((endpoint) => endpoint.observations)
    const allServed = observations.length >= stage.addresses.length && observations.every(({ verdict }) => verdict === 'served')
    return allServed ? seen : null
  }
  await waitFor(look, { what: `${SITE_NAME} to serve the old certificate`, signal: stage.signal })
}
