/**
 * What an order gets, said before it is paid: for which names, what is topped up and until when.
 *
 * @module
 */
import type { OrderDetail, OrderView, TopUpView } from '@evercert/contract'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import { decideEntitlement, decideValidity } from '../domain/entitlement/entitlement.ts'
import { compareSpecifications, type Specification, type SpecificationComparison } from '../domain/product/specification.ts'
import { loadProduct, type Product } from './catalogue.ts'
import type { Caller, Services } from './context.ts'
import { knownOf } from './draft-order.ts'
import { findNotCarriedOver } from './not-carried-over.ts'
import { loadOrder } from './read-orders.ts'
import { timingText, topUpText } from './texts.ts'

/** What is bought, for what: of a quote, or of an order. */
interface Purchase {
  readonly old: CertificateRecord | null
  readonly product: Product
  readonly comparison: SpecificationComparison
  readonly termYears: number
}

/** As it would be if the certificate were issued now. */
export function topUpOf({ old, product, comparison, termYears }: Purchase, now: number): TopUpView {
  const facts = {
    kind: old === null ? ('new' as const) : ('renewal' as const),
    oldOrigin: old?.facts.origin ?? null,
    sameSpecification: comparison.same,
    // The ends of the old certificate and of its entitlement, which a top-up continues.
    oldNotAfter: old?.issuance?.notAfter ?? null,
    oldEntitledUntil: old?.entitlement?.entitledUntil ?? null,
    termYears,
  }
  const entitlement = decideEntitlement(facts, now)
  const validity = decideValidity({ entitledUntil: entitlement.entitledUntil, rule: product.validityRule, notBefore: now })
  return {
    granted: entitlement.toppedUp,
    days: entitlement.toppedUpDays,
    entitledUntil: new Date(entitlement.entitledUntil).toISOString(),
    certificateUntil: new Date(validity.notAfter).toISOString(),
    shortfallDays: validity.shortfallDays,
    lostDays: entitlement.lost?.days ?? 0,
    explanation: topUpText(entitlement, { changed: comparison.changed, termYears }),
  }
}

/** An order, and while it can be paid what it gets. @throws AppError `notFound` */
export async function loadOrderDetail(services: Services, caller: Caller, id: string): Promise<OrderDetail> {
  const order = await loadOrder(services.db, caller, id)
  return { ...order, offer: order.state === 'placed' ? await offerOf(services, caller, order) : null }
}

async function offerOf(services: Services, caller: Caller, order: OrderView): Promise<OrderDetail['offer']> {
  const { renewsCertificateId, productId, termYears } = order
  const specification: Specification = order.specification
  const old = renewsCertificateId === null ? null : await findCertificate(services.db, caller.accountId, renewsCertificateId)
  const product = await loadProduct(services.db, productId)
  const comparison = compareSpecifications(specification, knownOf(old))
  return {
    renewsName: old?.name ?? null,
    names: [...(old?.issuance?.names ?? [])],
    notCarriedOver: await findNotCarriedOver(services.db, old),
    topUp: topUpOf({ old, product, comparison, termYears }, services.now()),
    estimate: timingText(specification.certificateType),
  }
}
