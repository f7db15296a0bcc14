/**
 * Good requests of the API, each fresh, to be changed: for what is uploaded, applied for, bought and recorded.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { createClient } from '@evercert/contract/client'
import { createCsr, generateKey, toPem, type PrivateKey } from '@evercert/pki'
import type { RunningService } from '../../../packages/server/src/main.ts'
import { aCompany } from '../../../packages/server/test/support/builders.ts'
import { aJpeg, aPng } from '../../../packages/server/test/support/images.ts'
import { createChain } from '../../harness/certificates.ts'
import { issueLikeUpload } from './stored.ts'

const DAY_MS = 86_400_000
const PRODUCT = 'evercert-private-dv-single'
const DOMAIN = 'fuzz.example.com'

export type Body = Readonly<Record<string, unknown>>
export type Request = readonly [path: string, make: () => Promise<Body> | Body]

export type Query = readonly [path: string, parameters: Readonly<Record<string, string>>]

export interface Requests {
  /** Of everything below, and more. */
  readonly all: readonly Request[]
  readonly upload: () => Body
  /** A CSR with or without its key. */
  readonly csrs: readonly Request[]
  /** Lists, by GET: what is found, and from when to when. */
  readonly queries: readonly Query[]
  /** PNG and JPEG. */
  readonly documents: readonly Request[]
  /** With a CSR of one's own. What is accepted has to be taken back before the next. */
  readonly application: Request
  readonly withdraw: () => Promise<void>
}

const RUNS_OUT = '2030-01-01T00:00:00.000Z'
const TITLE = { en: 'Fuzzed', zh: '模糊测试' }
const TEN = { amountMinor: 1000, currency: 'CNY' }
const PRICE = { termYears: 1, base: TEN, includedDomains: 1, extraDomain: TEN }
const PRODUCT_OF_OURS = {
  title: TITLE,
  specification: { domainType: 'multi', certificateType: 'DV', grade: 'standard', brand: 'Evercert Private CA' },
  issuerId: 'evercert-private',
  supportsRenewal: true,
  prices: [PRICE],
}
const PROMOTION = { title: TITLE, code: null, off: { kind: 'percent', percent: 1 }, endsAt: RUNS_OUT, maxUses: 10 }

/** Buys a certificate, and adds a company and a CSR, that requests can be about. */
export async function prepareRequests(service: RunningService, token: string): Promise<Requests> {
  const { url } = service
  const client = createClient({ url, token })
  const key = (): { context: { idempotencyKey: string } } => ({ context: { idempotencyKey: randomUUID() } })
  await client.balance.topUp({ amountMinor: 1_000_000, currency: 'CNY' }, key())
  const order = await client.orders.place({ productId: PRODUCT, termYears: 1, domainCount: 1 }, key())
  const { certificateId } = await client.orders.pay({ id: order.id, method: 'balance' }, key())
  const another = await client.orders.place({ productId: PRODUCT, termYears: 1, domainCount: 1 }, key())
  const { certificateId: issuedId } = await client.orders.pay({ id: another.id, method: 'balance' }, key())
  const company = await client.companies.create(aCompany())
  const issuer = createChain({ notAfter: Date.now() + 4000 * DAY_MS })
  let made = 0
  const upload = () => {
    const leaf = issuer.issue({ names: [`fuzz-${(made += 1)}.example.com`] })
    return { name: `fuzz ${made}`, certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
  }
  const { id: uploadId } = await client.certificates.upload(upload())
  await issueLikeUpload(service.services.db, { boughtId: issuedId ?? '', uploadId })
  const csrOf = async (of: PrivateKey): Promise<string> =>
    toPem(await createCsr({ key: of, names: [DOMAIN], commonName: DOMAIN }), 'CERTIFICATE REQUEST')
  const csr = async (withKey: boolean): Promise<Body> => {
    const of = await generateKey('p256')
    return { name: `csr ${(made += 1)}`, csrPem: await csrOf(of), privateKeyPem: withKey ? pemOf(of) : null }
  }
  const waitingKey = await generateKey('p256')
  const waiting = await client.csrs.upload({ name: 'waits for its key', csrPem: await csrOf(waitingKey) })
  const csrs: Request[] = [
    ['/api/v1/csrs/upload', () => csr(true)],
    ['/api/v1/csrs/upload', () => csr(false)],
    [`/api/v1/csrs/${waiting.id}/key`, () => ({ privateKeyPem: pemOf(waitingKey) })],
  ]
  const image = (kind: string, bytes: Buffer) => (): Body => ({ kind, contentBase64: bytes.toString('base64') })
  const documents: Request[] = [
    [`/api/v1/companies/${company.id}/documents`, image('businessLicence', aPng())],
    [`/api/v1/companies/${company.id}/documents`, image('bankPermit', aJpeg())],
  ]
  const contact = { name: 'Ada Example', email: 'ada@example.com', phone: '+44 20 0000 0000' }
  const id = certificateId ?? ''
  const application: Request = [
    `/api/v1/certificates/${id}/application`,
    async () => ({ domains: [DOMAIN], validationMethod: 'dnsManual', contact, csrPem: await csrOf(await generateKey('p256')) }),
  ]
  return {
    upload,
    queries: await queriesOf(url, token),
    csrs,
    documents,
    application,
    withdraw: async () => void (await client.applications.withdraw({ id })),
    all: [
      ['/api/v1/certificates', upload],
      ['/api/v1/certificate-uploads', () => ({ entries: [upload(), upload()], dryRun: false })],
      ['/api/v1/quotes', () => ({ productId: PRODUCT, domainCount: 1, termYears: 1 })],
      ['/api/v1/orders', () => ({ productId: PRODUCT, domainCount: 1, termYears: 1 })],
      ['/api/v1/endpoints', () => ({ certificateId: id, host: 'localhost', port: 443 })],
      ...(await salesOf(url, token)),
      [`/api/v1/certificates/${issuedId}/manage`, () => ({ spendingLimit: TEN })],
      ['/api/v1/tokens', () => ({ name: `token ${(made += 1)}`, scopes: ['orders:read'], expiresAt: RUNS_OUT, tags: ['fuzz'] })],
      ['/api/v1/contacts', () => contact],
      ['/api/v1/companies', () => ({ ...aCompany() })],
      ...csrs,
      ...documents,
    ],
  }
}

/** A product and a promotion of our own: to be added, to be changed, and to be quoted with what became of them. */
async function salesOf(url: string, token: string): Promise<Request[]> {
  const { products, promotions } = createClient({ url, token })
  const { id: productId } = await products.create({ ...PRODUCT_OF_OURS, id: 'fuzzed' } as Parameters<typeof products.create>[0])
  const { id } = await promotions.create({ title: TITLE, productIds: [productId], off: { kind: 'amount', amount: TEN } })
  let made = 0
  return [
    ['/api/v1/products', () => ({ ...PRODUCT_OF_OURS, id: `fuzzed-${(made += 1)}` })],
    [`/api/v1/products/${productId}`, () => ({ title: TITLE, prices: [PRICE] })],
    ['/api/v1/quotes', () => ({ productId, domainCount: 3, termYears: 1 })],
    ['/api/v1/promotions', () => ({ ...PROMOTION, code: `FUZZ-${(made += 1)}`, productIds: [productId], termYears: [1] })],
    [`/api/v1/promotions/${id}`, () => ({ title: TITLE, endsAt: RUNS_OUT, maxUses: 10 })],
  ]
}

/** With a cursor that is good. */
async function queriesOf(url: string, token: string): Promise<Query[]> {
  const { certificates } = createClient({ url, token })
  const { nextCursor } = await certificates.list({ limit: 1, sort: 'expiry' })
  const cursor = nextCursor ?? ''
  if (cursor === '') throw new Error('the first page of certificates is the only one')
  const [from, to] = ['2026-01-01T00:00:00.000Z', RUNS_OUT]
  return [
    ['/api/v1/certificates', { expiresFrom: from, expiresTo: to, sort: 'expiry', limit: '5', cursor }],
    ['/api/v1/certificates', { status: 'issued', search: 'fuzz', domain: DOMAIN, serial: '00:0a', tags: 'a,b', expiresTo: to }],
    ['/api/v1/audit', { from, to, limit: '5' }],
    ['/api/v1/orders', { limit: '5', cursor }],
    ['/api/v1/notices', { limit: '5', cursor }],
  ]
}

function pemOf({ keyObject }: PrivateKey): string {
  return keyObject.export({ type: 'pkcs8', format: 'pem' }).toString()
}
