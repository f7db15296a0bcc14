/**
 * What a paid order brings: the new certificate, linked to the one that it renews. In the transaction that pays, by whatever method.
 *
 * @module
 */
import { sql } from 'kysely'
import type { OrderView } from '@evercert/contract'
import { transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { findByName, insertCertificateRow } from './certificate-rows.ts'
import { newId, type Services } from './context.ts'
import { passManagementOn } from './management.ts'
import { leaveOpenPayments } from './open-payments.ts'
import { PAID_STEP } from './order-step.ts'

/** The caller holds the order's lock and has seen it `placed`. @returns it as it is then @throws AppError `conflict` when it is not */
export async function fulfilOrder(services: Services, trx: Trx, order: OrderView, facts: HistoryFacts): Promise<OrderView> {
  await transition(trx, {
    ...facts,
    subject: 'order',
    id: order.id,
    from: order.state,
    to: 'paid',
    set: { paid_at: new Date(facts.now) },
  })
  const certificateId = await insertCertificate(services, trx, order, facts)
  await leaveOpenPayments(trx, order.id, facts)
  return { ...order, state: 'paid', certificateId, paidAt: new Date(facts.now).toISOString(), nextStep: PAID_STEP }
}

/**
 * The old certificate may have ended since the order was placed: then another is bought anew. One whose revocation was asked for counts, too: if
 * that is declined the order can be paid. The caller holds the lock of the lineage.
 *
 * @returns the reason; null: it is still to be renewed
 */
export async function whyOldEnded(services: Services, trx: Trx, order: OrderView): Promise<OldEnded | null> {
  if (order.renewsCertificateId === null) return null
  const old = await trx
    .selectFrom('certificate')
    .innerJoin('issuance', 'issuance.id', 'certificate.issuance_id')
    .select(['issuance.not_after', 'certificate.revoked_at', 'certificate.revocation_requested_at', 'certificate.closed_as'])
    .where('certificate.id', '=', order.renewsCertificateId)
    .executeTakeFirst()
  if (old === undefined || old.closed_as !== null) return 'certificateNotIssued'
  if (old.not_after.getTime() <= services.now()) return 'certificateExpired'
  if (old.revoked_at !== null) return 'certificateRevoked'
  return old.revocation_requested_at === null ? null : 'revocationRequested'
}

type OldEnded = keyof typeof OLD_ENDED

const OLD_ENDED = {
  certificateNotIssued: 'was deleted meanwhile: cancel the order and buy a new certificate',
  certificateExpired: 'expired meanwhile: cancel the order and buy a new certificate',
  certificateRevoked: 'was revoked meanwhile: cancel the order and buy a new certificate',
  revocationRequested: 'is about to be revoked: cancel the order, or pay it if the revocation is declined',
} as const

/** @throws AppError `certificateNotIssued`, `certificateExpired`, `certificateRevoked`: as a new order of it is refused */
export async function refuseIfOldEnded(services: Services, trx: Trx, order: OrderView): Promise<void> {
  const why = await whyOldEnded(services, trx, order)
  if (why === null) return
  const code = why === 'revocationRequested' ? 'certificateRevoked' : why
  throw new AppError(code, `Paying order ${order.id}: ${order.renewsCertificateId ?? ''}, which it renews, ${OLD_ENDED[why]}.`)
}

/** The row that appears under the old one: pendingApplication, linked. */
async function insertCertificate(services: Services, trx: Trx, order: OrderView, facts: HistoryFacts): Promise<string> {
  const id = newId(services, 'crt')
  const { renewalId, isOldManaged, isOldTagged, ...place } = await placeInLineage(trx, order, id, facts.accountId)
  const row = {
    id,
    accountId: facts.accountId,
    origin: 'purchased' as const,
    productId: order.productId,
    orderId: order.id,
    renewsCertificateId: order.renewsCertificateId,
    now: facts.now,
    ...place,
  }
  await insertCertificateRow(trx, row, {
    actor: facts.actor,
    toState: 'pendingApplication',
    detail: order.renewsCertificateId === null ? null : `renews ${order.renewsCertificateId}`,
  })
  if (order.renewsCertificateId === null) return id
  if (isOldTagged) await passTagsOn(trx, facts, { oldId: order.renewsCertificateId, newId: id })
  await openRenewal(trx, renewalId, id, facts)
  if (isOldManaged) await passManagementOn(services, trx, facts, { oldId: order.renewsCertificateId, newId: id })
  return id
}

/** Whoever finds the old certificate by its tags finds the one that renews it. */
async function passTagsOn(
  trx: Trx,
  { accountId, now }: HistoryFacts,
  { oldId, newId: certificateId }: { readonly oldId: string; readonly newId: string },
): Promise<void> {
  await sql`insert into certificate_tag (account_id, certificate_id, tag, created_at)
    select account_id, ${certificateId}, tag, ${new Date(now)} from certificate_tag
    where account_id = ${accountId} and certificate_id = ${oldId}`.execute(trx)
}

async function openRenewal(trx: Trx, id: string, newCertificateId: string, facts: HistoryFacts): Promise<void> {
  await transition(trx, {
    ...facts,
    certificateId: newCertificateId,
    subject: 'renewal',
    id,
    from: 'ordered',
    to: 'open',
    set: { new_certificate_id: newCertificateId },
  })
}

async function placeInLineage(trx: Trx, order: OrderView, id: string, accountId: string) {
  if (order.renewsCertificateId === null)
    return { name: id, lineageId: id, lineageIndex: 0, renewalId: '', isOldManaged: false, isOldTagged: false }
  const old = await trx
    .selectFrom('certificate')
    .innerJoin('renewal', 'renewal.old_certificate_id', 'certificate.id')
    .select(['name', 'lineage_id', 'lineage_index', 'managed', 'renewal.id as renewal_id'])
    // A revoked successor keeps its place, so the next one is not always right after the old one.
    .select((builder) =>
      builder
        .selectFrom('certificate as member')
        .whereRef('member.lineage_id', '=', 'certificate.lineage_id')
        .where('member.account_id', '=', accountId)
        .select((max) => max.fn.max('member.lineage_index').as('index'))
        .as('last_index'),
    )
    .select(
      sql<boolean>`exists (select 1 from certificate_tag where account_id = ${accountId}
      and certificate_id = ${order.renewsCertificateId})`.as('tagged'),
    )
    .where('certificate.id', '=', order.renewsCertificateId)
    .where('renewal.order_id', '=', order.id)
    .executeTakeFirstOrThrow()
  const lineageIndex = Number(old.last_index ?? old.lineage_index) + 1
  const name = successorName(old.name, { oldIndex: old.lineage_index, index: lineageIndex, id })
  const taken = await findByName(trx, accountId, name)
  return {
    name: taken === null ? name : id,
    lineageId: old.lineage_id,
    lineageIndex,
    renewalId: old.renewal_id,
    isOldManaged: old.managed,
    isOldTagged: old.tagged,
  }
}

/** `shop` → `shop-r1` → `shop-r2`; a name that is too long, or an id as a name, gives way to the new id. */
function successorName(
  name: string,
  { oldIndex, index, id }: { readonly oldIndex: number; readonly index: number; readonly id: string },
): string {
  const base = oldIndex > 0 && name.endsWith(`-r${oldIndex}`) ? name.slice(0, -`-r${oldIndex}`.length) : name
  const next = `${base}-r${index}`
  return base.startsWith('crt_') || next.length > 64 ? id : next
}
