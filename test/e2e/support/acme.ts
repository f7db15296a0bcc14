/**
 * An ACME CA as an operator connects it, and purchases from it.
 *
 * @module
 */
import type { ApplicationFormView, CertificateDetail } from '@evercert/contract'
import type { Household } from './house.ts'
import { waitForIssuance } from './renewal.ts'

/** A running CA: what the harness starts. */
export interface AcmeServer {
  readonly directoryUrl: string
  readonly caPem: string
  rootPem(): Promise<string>
}

export interface Connection {
  readonly issuerId: string
  readonly eab?: { readonly keyId: string; readonly hmacKey: string }
  readonly fileValidationHttpPort?: number
}

export type DomainType = 'single' | 'multi' | 'wildcard'

const PRICE = { amountMinor: 10_000, currency: 'CNY' }
const CONTACT = { name: 'Operator', email: 'operator@evercert.test', phone: '+86 10 0000 0000' }
/** A public CA may take its time; the tests' own may refuse most nonces and sleep over validations. */
const ISSUANCE_MS = 120_000

/** Connects the CA and sells its certificates: one product for each type of domain. */
export async function connectAcme(house: Household, server: AcmeServer, connection: Connection): Promise<void> {
  const { issuerId, eab, fileValidationHttpPort } = connection
  const config = {
    directoryUrl: server.directoryUrl,
    caPem: server.caPem,
    contacts: [CONTACT.email],
    ...(eab && { eab }),
    ...(fileValidationHttpPort !== undefined && { fileValidationHttpPort }),
  }
  const rootPem = await server.rootPem()
  await house.call((client) => client.issuers.create({ id: issuerId, title: issuerId, kind: 'acme', config, rootPem }))
  for (const domainType of ['single', 'multi', 'wildcard'] as const) {
    await house.call((client) =>
      client.products.create({
        id: productOf(issuerId, domainType),
        title: { en: `${issuerId}, ${domainType}`, zh: `${issuerId} ${domainType}` },
        specification: { domainType, certificateType: 'DV', grade: 'standard', brand: issuerId },
        issuerId,
        supportsRenewal: true,
        prices: [{ termYears: 1, base: PRICE, includedDomains: 5, extraDomain: { ...PRICE, amountMinor: 0 } }],
      }),
    )
  }
}

export function productOf(issuerId: string, domainType: DomainType): string {
  return `${issuerId}-dv-${domainType}`
}

export interface Purchase {
  readonly productId: string
  readonly domains: readonly string[]
  readonly form?: Partial<ApplicationFormView>
  /** Tells this purchase from an earlier one of the same, such as that of a test before its retry. */
  readonly which?: string
}

/** Money, order, payment and application. @returns the certificate's id */
export async function buyAndApply(house: Household, { productId, domains, form = {}, which = '' }: Purchase): Promise<string> {
  const money = { amountMinor: 1_000_000, currency: 'CNY' }
  const key = (what: string) => ({ context: { idempotencyKey: `${what}-${productId}-${domains.join()}${which}` } })
  await house.call((client) => client.balance.topUp(money, key('money')))
  const order = await house.call((client) =>
    client.orders.place({ productId, termYears: 1, domainCount: domains.length }, key('order')),
  )
  const { certificateId } = await house.call((client) => client.orders.pay({ id: order.id, method: 'balance' }, key('pay')))
  const id = certificateId ?? ''
  await house.call((client) =>
    client.applications.submit({ id, domains: [...domains], validationMethod: 'file', contact: CONTACT, ...form }),
  )
  return id
}

export async function buy(house: Household, purchase: Purchase): Promise<CertificateDetail> {
  return waitForIssuance(house, await buyAndApply(house, purchase), ISSUANCE_MS)
}
