/**
 * What a paid order brings: the new certificate, linked to the one that it renews. In the transaction that pays, by whatever method.
 *
 * @module
 */
import { sql } from 'kysely'
import type { OrderView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import { requireTrue, violatedIndex } from '../db/later.ts'
import { isNotEnded } from '../db/not-ended.ts'
import { transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { findNamed, insertCertificateRow } from './certificate-rows.ts'
import { newId, type Services } from './context.ts'
import { passManagementOn } from './management.ts'
import { leaveOpenPayments } from './open-payments.ts'
import { PAID_STEP } from './order-step.ts'

/** The caller holds what `lockOrder` locks, and has seen the order `placed`. @returns it as it is then @throws AppError `conflict` when it is not */
export async function fulfilOrder(services: Services, trx: Trx, order: OrderView, facts: HistoryFacts): Promise<OrderView> {
  return fulfilAt(services, trx, { order, place: await findPlace(services, trx, facts.accountId, order) }, facts)
}

/** An order, and where its certificate will stand. */
export interface Fulfilment {
  readonly order: OrderView
  readonly place: Place
}

/** The same where the place was read before: {@link requirePlace}. */
export async function fulfilAt(
  services: Services,
  trx: Trx,
  { order, place }: Fulfilment,
  facts: HistoryFacts,
): Promise<OrderView> {
  await transition(trx, {
    ...facts,
    subject: 'order',
    id: order.id,
    from: order.state,
    to: 'paid',
    set: { paid_at: new Date(facts.now) },
  })
  const certificateId = await insertCertificate(services, trx, { order, place }, facts)
  await leaveOpenPayments(trx, order.id, facts)
  return { ...order, state: 'paid', certificateId, paidAt: new Date(facts.now).toISOString(), nextStep: PAID_STEP }
}

/**
 * The old certificate may have ended since the order was placed: then another is bought anew. One whose revocation was asked for counts, too: if
 * that is declined the order can be paid. The caller holds the lock of the lineage.
 *
 * @returns the reason; null: it is still to be renewed
 */
export async function whyOldEnded(services: Services, db: Db | Trx, order: OrderView): Promise<OldEnded | null> {
  if (order.renewsCertificateId === null) return null
  const old = await db
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
export async function refuseIfOldEnded(services: Services, db: Db | Trx, order: OrderView): Promise<void> {
  const why = await whyOldEnded(services, db, order)
  if (why === null) return
  const code = why === 'revocationRequested' ? 'certificateRevoked' : why
  throw new AppError(code, `Paying order ${order.id}: ${order.renewsCertificateId ?? ''}, which it renews, ${OLD_ENDED[why]}.`)
}

/** The row that appears under the old one: pendingApplication, linked. */
async function insertCertificate(
  services: Services,
  trx: Trx,
  { order, place: { id, name, lineageId, lineageIndex, old } }: Fulfilment,
  facts: HistoryFacts,
): Promise<string> {
  const row = {
    id,
    accountId: facts.accountId,
    origin: 'purchased' as const,
    productId: order.productId,
    orderId: order.id,
    renewsCertificateId: order.renewsCertificateId,
    now: facts.now,
    name,
    lineageId,
    lineageIndex,
  }
  const entry = {
    actor: facts.actor,
    toState: 'pendingApplication',
    detail: old === null ? null : `renews ${old.id}`,
  }
  await insertCertificateRow(trx, row, entry, (error) => (violatedIndex(error) === null ? error : changedMeanwhile(order)))
  if (old === null) return id
  if (old.isTagged) await passTagsOn(trx, facts, { oldId: old.id, newId: id })
  await openRenewal(trx, old.renewalId, id, facts)
  if (old.isManaged) await passManagementOn(services, trx, facts, { oldId: old.id, newId: id })
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

/** Where the certificate of an order stands. */
export interface Place {
  readonly id: string
  readonly name: string
  readonly lineageId: string
  readonly lineageIndex: number
  /** What it renews; null: nothing. */
  readonly old: {
    readonly id: string
    readonly name: string
    readonly renewalId: string
    readonly isManaged: boolean
    readonly isTagged: boolean
  } | null
}

/** The renewal of an order is there, whatever became of the old certificate. */
export async function findPlace(services: Services, db: Db | Trx, accountId: string, order: OrderView): Promise<Place> {
  const id = newId(services, 'crt')
  if (order.renewsCertificateId === null) return { id, name: id, lineageId: id, lineageIndex: 0, old: null }
  const old = await db
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
  const taken = await findNamed(db, accountId, name)
  return {
    id,
    name: taken === null ? name : id,
    lineageId: old.lineage_id,
    lineageIndex,
    old: {
      id: order.renewsCertificateId,
      name: old.name,
      renewalId: old.renewal_id,
      isManaged: old.managed,
      isTagged: old.tagged,
    },
  }
}

/**
 * The place was read before the transaction: under the locks of `lockOrder`, that the old certificate has not ended, also not while they were waited
 * for, and that it stands there as it did.
 * Whether a name is free the index says.
 *
 * @throws AppError `conflict`, stale, as `writeLater` says
 */
export async function requirePlace(
  services: Services,
  trx: Trx,
  accountId: string,
  { order, place: { old, lineageId, lineageIndex } }: Fulfilment,
): Promise<void> {
  if (old === null) return
  const isAsRead = sql<boolean>`(select count(*) = 1 from certificate c join issuance i on i.id = c.issuance_id
    where c.id = ${old.id} and c.account_id = ${accountId} and c.name = ${old.name} and c.lineage_id = ${lineageId}
      and c.managed = ${old.isManaged} and i.not_after > ${new Date(services.now())} and ${isNotEnded('c')}
      and exists (select from certificate_tag t where t.account_id = ${accountId} and t.certificate_id = c.id) = ${old.isTagged}
      and (select max(m.lineage_index) from certificate m where m.account_id = ${accountId} and m.lineage_id = ${lineageId}) = ${lineageIndex - 1}::int)`
  await requireTrue(trx, isAsRead, () => changedMeanwhile(order))
}

/** Read again, it says what is in the way. */
export function changedMeanwhile({ id }: OrderView): AppError {
  return new AppError('conflict', `Paying order ${id}: the order or its certificate changed meanwhile: ask again.`, {
    stale: true,
  })
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
