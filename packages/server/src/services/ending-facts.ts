/**
 * What cancelling, refunding, revoking, deleting and managing have in common: the locks, the facts under them, and refusals that say what is
 * possible instead.
 *
 * @module
 */
import { sql } from 'kysely'
import { PROBLEMS } from '@evercert/contract'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import { transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import type { EndingDecision, EndingFacts } from '../domain/certificate/decide-ending.ts'
import { deriveStatus } from '../domain/certificate/derive-status.ts'
import { AppError } from '../domain/errors.ts'
import { notFound, type Caller, type Services } from './context.ts'
import { toIsoFacts } from './texts.ts'
import { lockLineage } from './uploads/leave-lineage.ts'

/** A certificate whose order, application and row nobody else changes before this transaction ends. */
export interface LockedCertificate {
  readonly record: CertificateRecord
  readonly facts: EndingFacts
  readonly history: HistoryFacts
}

/**
 * Locks in the order in which everybody does: lineage, order, application, certificate. A job that is at work on the certificate comes before, or
 * finds its compare-and-set refused.
 *
 * @throws AppError `notFound`; `conflict` when an application was submitted meanwhile
 */
export async function lockCertificate(services: Services, trx: Trx, caller: Caller, id: string): Promise<LockedCertificate> {
  const seen = await trx
    .selectFrom('certificate')
    .select(['order_id', 'application_id'])
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (seen === undefined) throw notFound('certificate', id)
  await lockLineage(trx, caller.accountId, id)
  const order = seen.order_id === null ? null : await lockOrder(trx, seen.order_id)
  const application = seen.application_id === null ? null : await lockApplication(trx, seen.application_id)
  // No key update, here as of order and application: whoever holds the row and changes it a second time looks whether both are still there.
  const { rows } = await sql<{ application_id: string | null }>`select application_id from certificate
    where id = ${id} and account_id = ${caller.accountId} for no key update`.execute(trx)
  if (rows[0]?.application_id !== seen.application_id) {
    throw new AppError('conflict', `Changing ${id}: an application was submitted meanwhile: look at it, then try again.`)
  }
  const record = await findCertificate(trx, caller.accountId, id)
  if (record === null) throw notFound('certificate', id)
  return {
    record,
    facts: toEndingFacts(services, record, order, application),
    history: { accountId: caller.accountId, certificateId: id, actor: caller.actor, now: services.now() },
  }
}

type OrderRow = Awaited<ReturnType<typeof lockOrder>>
type ApplicationRow = Awaited<ReturnType<typeof lockApplication>>

function lockOrder(trx: Trx, id: string) {
  return trx
    .selectFrom('order')
    .select(['state', 'paid_at', 'amount_minor'])
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
}

function lockApplication(trx: Trx, id: string) {
  return trx
    .selectFrom('application')
    .select(['state', 'finalize_started_at'])
    .where('id', '=', id)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow()
}

function toEndingFacts(
  services: Services,
  record: CertificateRecord,
  order: OrderRow | null,
  application: ApplicationRow | null,
): EndingFacts {
  return {
    status: deriveStatus(record.facts, services.now(), services.policy),
    origin: record.facts.origin,
    managed: record.managed,
    certificateType: record.specification?.certificateType ?? null,
    paidAt: order?.paid_at?.getTime() ?? null,
    priceMinor: order?.amount_minor ?? null,
    refunded: order?.state === 'refunded',
    isBeingIssued: application?.state === 'inReview' && application.finalize_started_at !== null,
    revocationConfirmedAt: record.revocationConfirmedAt,
    renewedByCertificateId: record.facts.liveRenewal?.certificateId ?? null,
  }
}

type Allowed<Decision extends EndingDecision> = Extract<Decision, { readonly allowed: true }>

/** @throws AppError the refusal's code, with what is possible instead */
export function refuseUnlessAllowed<Decision extends EndingDecision>(
  attempt: string,
  { id, name }: Pick<CertificateRecord, 'id' | 'name'>,
  decision: Decision,
): asserts decision is Allowed<Decision> {
  if (decision.allowed) return
  const facts = toIsoFacts(decision.facts)
  const until = facts['refundableUntil'] ?? null
  const period = until === null ? '' : ` (until ${until})`
  const instead = decision.possible.length === 0 ? 'nothing is possible instead' : `possible now: ${decision.possible.join(', ')}`
  throw new AppError(decision.code, `${attempt} ${name} (${id}): ${PROBLEMS[decision.code].title}${period}: ${instead}.`, {
    facts: { ...facts, possible: decision.possible },
  })
}

/** Takes back the application in progress, if there is one; its TXT records are removed by the next job. */
export async function withdrawIfAny(trx: Trx, { record, history }: LockedCertificate): Promise<void> {
  const state = record.facts.application?.state
  if (record.application === null || state === undefined || state === 'issued' || state === 'withdrawn') return
  await transition(trx, { ...history, subject: 'application', id: record.application.id, from: state, to: 'withdrawn' })
}
