/**
 * Accounts, purchases, issued and uploaded certificates, made as a user would make them: through the API, never by SQL.
 *
 * @module
 */
import { randomBytes, randomUUID } from 'node:crypto'
import {
  SCOPES,
  type MemberRole,
  type ApplicationFormView,
  type CertificateDetail,
  type Company,
  type CompanyView,
  type OrderView,
  type Scope,
} from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import type { ProblemDocument } from '@evercert/contract'
import { createChain, type LeafWish, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { findCaller } from '../../src/services/access/callers.ts'
import { createAccount } from '../../src/services/accounts.ts'
import { createToken } from '../../src/services/tokens.ts'
import { tokenOf } from './browser.ts'
import type { TestService } from './service.ts'
import { aJpeg, aPng } from './images.ts'
import { waitFor } from './wait-for.ts'

export const PRIVATE_SINGLE = 'evercert-private-dv-single'
export const PRIVATE_MULTI = 'evercert-private-dv-multi'
export const PRIVATE_WILDCARD = 'evercert-private-dv-wildcard'
export const OV_SINGLE = 'evercert-private-ov-single'
export const EV_SINGLE = 'evercert-private-ev-single'
export const PUBLIC_SINGLE = 'evercert-public-dv-single'
/** Its brand does not support renewal. */
export const TRIAL_SINGLE = 'evercert-trial-dv-single'
export const CURRENCY = 'CNY'

export interface TestAccount {
  readonly service: TestService
  readonly accountId: string
  readonly token: string
  readonly client: Client
}

/** An account of its own, so that tests can share a service, with money for a few purchases. */
export async function anAccount(
  service: TestService,
  wish: { readonly balanceMinor?: number; readonly scopes?: readonly Scope[] } = {},
): Promise<TestAccount> {
  const { accountId, token } = await createAccount(service.services, {
    name: `account ${randomUUID()}`,
    tokenName: 'test',
    scopes: wish.scopes ?? SCOPES,
  })
  const account = { service, accountId, token, client: service.clientOf(token) }
  const balanceMinor = wish.balanceMinor ?? 10_000_000
  if (balanceMinor > 0 && wish.scopes === undefined) await topUp(account, balanceMinor)
  return account
}

export async function topUp(account: TestAccount, amountMinor: number, currency = CURRENCY): Promise<void> {
  await account.client.balance.topUp({ amountMinor, currency }, withKey())
}

/** A call context with a fresh idempotency key, or the given one. */
export function withKey(idempotencyKey: string = randomUUID()): { readonly context: { readonly idempotencyKey: string } } {
  return { context: { idempotencyKey } }
}

export type OrderWish = Parameters<Client['orders']['place']>[0]

/** Places an order and pays it. */
export async function buy(account: TestAccount, wish: OrderWish = { productId: PRIVATE_SINGLE }): Promise<OrderView> {
  const order = await account.client.orders.place(wish, withKey())
  return account.client.orders.pay({ id: order.id }, withKey())
}

/** Buys and gives the new row, which waits for its application. */
export async function buyCertificate(account: TestAccount, wish?: OrderWish): Promise<CertificateDetail> {
  const { certificateId } = await buy(account, wish)
  return account.client.certificates.get({ id: certificateId ?? '' })
}

/** A host name that nobody else in the run uses, and that resolves to this machine. */
export function aSite(service: TestService): string {
  const name = `site-${randomBytes(6).toString('hex')}.example.com`
  service.addSite(name)
  return name
}

export function aForm(domains: readonly string[], wish: Partial<ApplicationFormView> = {}): ApplicationFormView {
  return {
    domains: [...domains],
    validationMethod: 'file',
    dnsConnectionId: null,
    contact: { name: 'Ada Example', email: 'ada@example.com', phone: '+44 20 0000 0000' },
    contactId: null,
    location: null,
    companyId: null,
    superior: null,
    key: 'p256',
    csrPem: null,
    csrId: null,
    hostKey: null,
    ...wish,
  }
}

export function aCompany(wish: Partial<Company> = {}): Company {
  return {
    name: 'Example Trading 有限公司',
    type: 'enterprise',
    phone: '+86 21 0000 0000',
    registrationNumber: '91310000MA1FL0XX4T',
    country: 'CN',
    region: 'Shanghai',
    city: 'Shanghai',
    address: '1 Example Road',
    postalCode: '200000',
    ...wish,
  }
}

/** A company with the documents that EV needs. */
export async function aStoredCompany(account: TestAccount, wish: Partial<Company> = {}): Promise<CompanyView> {
  const { id } = await account.client.companies.create(aCompany(wish))
  await account.client.companies.putDocument({ id, kind: 'bankPermit', contentBase64: aJpeg().toString('base64') })
  return account.client.companies.putDocument({ id, kind: 'businessLicence', contentBase64: aPng().toString('base64') })
}

export interface Colleague {
  readonly userId: string
  readonly email: string
  readonly token: string
  readonly client: Client
}

export const COLLEAGUES_PASSWORD = 'a violet tractor sings'

/** A member of the account with a token of their own: another person. */
export async function aMember(account: TestAccount, role: MemberRole, scopes?: readonly Scope[]): Promise<Colleague> {
  const { service, client, accountId } = account
  const email = `colleague-${randomUUID()}@example.com`
  const { link } = await client.invitations.create({ email, role })
  const { id: userId } = await client.invitations.accept({
    token: tokenOf(link),
    password: COLLEAGUES_PASSWORD,
    name: 'Colleague',
  })
  const caller = await findCaller(service.services, service.services.db, { accountId, userId, tokenId: null })
  if (caller === null) throw new Error(`${email} is no member`)
  const wish = { name: `colleague ${randomUUID()}`, scopes: scopes ?? [...caller.scopes], expiresAt: null, tags: null }
  const { token } = await createToken(service.services, caller, wish)
  return { userId, email, token, client: service.clientOf(token) }
}

/** Another person, who reviews or does what the permissions say. */
export async function aColleague(
  account: TestAccount,
  scopes: readonly Scope[] = ['applications:review', 'certificates:read'],
): Promise<Client> {
  return (await aMember(account, 'owner', scopes)).client
}

/** Submits and waits until the CA issued. @throws Error with the reason when it refuses */
export async function obtain(account: TestAccount, id: string, form: ApplicationFormView): Promise<CertificateDetail> {
  await account.client.applications.submit({ id, ...form })
  return waitForIssuance(account, id)
}

export function waitForIssuance(account: TestAccount, id: string): Promise<CertificateDetail> {
  return waitFor('the CA to issue', async () => {
    const certificate = await account.client.certificates.get({ id })
    if (certificate.status === 'reviewFailed') throw new Error((await account.client.applications.get({ id })).problem?.detail)
    return certificate.sha256 === null ? null : certificate
  })
}

/** Bought, applied for, validated by file and issued. */
export async function anIssuedCertificate(account: TestAccount, wish?: OrderWish): Promise<CertificateDetail> {
  const { id } = await buyCertificate(account, wish)
  return obtain(account, id, aForm([aSite(account.service)]))
}

/** Moves the service's clock into the renewal window of a certificate. */
export function moveIntoWindow(service: TestService, certificate: { readonly notAfter: string | null }, daysLeft = 12): void {
  service.clock.moveTo(Date.parse(certificate.notAfter ?? '') - daysLeft * DAY_MS)
}

/** A chain as a foreign CA would have sold it, valid on the service's clock. */
export function aForeignCertificate(
  service: Pick<TestService, 'clock'>,
  wish: LeafWish & { readonly daysLeft?: number } = {},
): TestLeaf {
  const now = service.clock.now()
  const { daysLeft = 200, ...leaf } = wish
  const authority = createChain({ notBefore: now - 400 * DAY_MS, notAfter: now + 4000 * DAY_MS })
  return authority.issue({
    names: [`shop-${randomBytes(4).toString('hex')}.example.com`],
    notBefore: now - 165 * DAY_MS,
    notAfter: now + daysLeft * DAY_MS,
    ...leaf,
  })
}

export interface UploadWish {
  readonly name?: string
  readonly leaf?: TestLeaf
  readonly daysLeft?: number
}

export async function anUpload(account: TestAccount, wish: UploadWish = {}): Promise<CertificateDetail> {
  const leaf = wish.leaf ?? aForeignCertificate(account.service, wish.daysLeft === undefined ? {} : { daysLeft: wish.daysLeft })
  return account.client.certificates.upload({
    name: wish.name ?? `upload ${randomUUID()}`,
    certificatePem: leaf.chainPem,
    privateKeyPem: leaf.privateKeyPem,
  })
}

/** The problem document that a call is refused with. @throws Error when it succeeds */
export async function refusalOf(call: Promise<unknown>): Promise<ProblemDocument> {
  const answer = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in answer && answer.error instanceof ApiProblem) return answer.error.problem
  throw new Error(`expected a refusal, not ${'error' in answer ? String(answer.error) : JSON.stringify(answer.value)}`)
}
