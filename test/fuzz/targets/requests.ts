/**
 * Good requests of the API, each fresh, to be changed: for what is uploaded, applied for, bought and recorded.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { createClient } from '@evercert/contract/client'
import { createCsr, generateKey, toPem, type PrivateKey } from '@evercert/pki'
import { aCompany } from '../../../packages/server/test/support/builders.ts'
import { aJpeg, aPng } from '../../../packages/server/test/support/images.ts'
import { createChain } from '../../harness/certificates.ts'

const DAY_MS = 86_400_000
const PRODUCT = 'evercert-private-dv-single'
const DOMAIN = 'fuzz.example.com'

export type Body = Readonly<Record<string, unknown>>
export type Request = readonly [path: string, make: () => Promise<Body> | Body]

export interface Requests {
  /** Of everything below, and more. */
  readonly all: readonly Request[]
  readonly upload: () => Body
  /** A CSR with or without its key. */
  readonly csrs: readonly Request[]
  /** PNG and JPEG. */
  readonly documents: readonly Request[]
  /** With a CSR of one's own. What is accepted has to be taken back before the next. */
  readonly application: Request
  readonly withdraw: () => Promise<void>
}

/** Buys a certificate, and adds a company and a CSR, that requests can be about. */
export async function prepareRequests(url: string, token: string): Promise<Requests> {
  const client = createClient({ url, token })
  const key = (): { context: { idempotencyKey: string } } => ({ context: { idempotencyKey: randomUUID() } })
  await client.balance.topUp({ amountMinor: 1_000_000, currency: 'CNY' }, key())
  const order = await client.orders.place({ productId: PRODUCT, termYears: 1, domainCount: 1 }, key())
  const { certificateId } = await client.orders.pay({ id: order.id, method: 'balance' }, key())
  const company = await client.companies.create(aCompany())
  const issuer = createChain({ notAfter: Date.now() + 4000 * DAY_MS })
  let made = 0
  const upload = (): Body => {
    const leaf = issuer.issue({ names: [`fuzz-${(made += 1)}.example.com`] })
    return { name: `fuzz ${made}`, certificatePem: leaf.chainPem, privateKeyPem: leaf.privateKeyPem }
  }
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
      ['/api/v1/contacts', () => contact],
      ['/api/v1/companies', () => ({ ...aCompany() })],
      ...csrs,
      ...documents,
    ],
  }
}

function pemOf({ keyObject }: PrivateKey): string {
  return keyObject.export({ type: 'pkcs8', format: 'pem' }).toString()
}
