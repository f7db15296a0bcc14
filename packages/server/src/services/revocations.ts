/**
 * Revocations as people ask for them, confirm and decline them. What the CA is asked is in `advance/revocation-effects.ts`.
 *
 * @module
 */
import type { RevocationView } from '@evercert/contract'
import { sql, type RawBuilder, type Selectable } from 'kysely'
import type { Db } from '../db/connect.ts'
import { requireTrue } from '../db/later.ts'
import type { RevocationTable } from '../db/tables.ts'
import { recordHistory, transition, type Trx } from '../db/transition.ts'
import { decideRevocation } from '../domain/certificate/decide-ending.ts'
import { AppError } from '../domain/errors.ts'
import type { RevocationReason } from '../ports/ca.ts'
import { rulesChanged } from './approvals/rules.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'
import { lockCertificate, refuseUnlessAllowed, withdrawIfAny, type LockedCertificate } from './ending-facts.ts'
import { wake } from './wake.ts'

/**
 * Asks for the revocation, if none is under way or done.
 *
 * @param isAllowed what else has to be true for a new one: true or false
 * @throws AppError `notPurchased`, `managedCertificate`, `notRevocable`, `issuanceUnderWay`, `notFound`; `conflict`, stale, as `writeLater` says,
 *   when it is not allowed
 */
export async function revokeIn(
  services: Services,
  trx: Trx,
  caller: Caller,
  { id, reason }: RevocationWish,
  isAllowed: RawBuilder<boolean> = sql<boolean>`true`,
): Promise<void> {
  const locked = await lockCertificate(services, trx, caller, id)
  const decision = decideRevocation(locked.facts)
  refuseUnlessAllowed('Revoking', locked.record, decision)
  if (decision.done) return
  const revocationId = await insertRevocation(services, trx, locked, { reason, isAllowed })
  if (!decision.awaitsContact) await confirm(services, trx, locked, revocationId)
}

export interface RevocationWish {
  readonly id: string
  readonly reason: RevocationReason
}

async function insertRevocation(
  services: Services,
  trx: Trx,
  locked: LockedCertificate,
  { reason, isAllowed }: { readonly reason: RevocationReason; readonly isAllowed: RawBuilder<boolean> },
): Promise<string> {
  const { record, history, facts } = locked
  const id = newId(services, 'rvk')
  const requestedAt = new Date(history.now)
  const asked = trx.insertInto('revocation').values({
    id,
    account_id: record.accountId,
    certificate_id: record.id,
    state: 'awaitingConfirmation',
    reason,
    failed_code: null,
    failed_detail: null,
    retry_at: null,
    requested_at: requestedAt,
    requested_by: history.actor,
    confirmed_at: null,
    confirmed_by: null,
    ended_at: null,
  })
  await requireTrue(trx, isAllowed, () => rulesChanged(`Revoking ${record.id}`), sql`asked as (${asked})`)
  await trx.updateTable('certificate').set({ revocation_requested_at: requestedAt }).where('id', '=', record.id).execute()
  await recordHistory(trx, {
    ...history,
    subject: 'certificate',
    subjectId: record.id,
    fromState: facts.status,
    toState: 'revocationPending',
    detail: reason,
  })
  return id
}

/** From here on the CA is asked until it answers. A reissue under way ends: what it brought would be valid. */
async function confirm(services: Services, trx: Trx, locked: LockedCertificate, revocationId: string): Promise<void> {
  const { record, history } = locked
  await withdrawIfAny(trx, locked)
  await transition(trx, { ...history, subject: 'revocation', id: revocationId, from: 'awaitingConfirmation', to: 'confirmed' })
  const confirmedAt = new Date(history.now)
  await trx
    .updateTable('revocation')
    .set({ confirmed_at: confirmedAt, confirmed_by: history.actor })
    .where('id', '=', revocationId)
    .execute()
  await trx.updateTable('certificate').set({ revocation_confirmed_at: confirmedAt }).where('id', '=', record.id).execute()
  await wake(services, trx, record.id)
}

/** The contact's yes. Idempotent. @throws AppError `conflict` when none awaits it, `certificateExpired`, `issuanceUnderWay`, `notFound` */
export async function confirmRevocation(services: Services, caller: Caller, certificateId: string): Promise<RevocationView> {
  await services.db.transaction().execute(async (trx) => {
    const locked = await lockCertificate(services, trx, caller, certificateId)
    const { id, state } = await loadRevocation(trx, caller, certificateId)
    if (state === 'confirmed' || state === 'revoked') return
    if (locked.facts.status === 'expired') {
      throw new AppError('certificateExpired', `Confirming the revocation of ${certificateId}: it expired meanwhile: decline it.`)
    }
    if (locked.facts.isBeingIssued) {
      throw new AppError('issuanceUnderWay', `Confirming the revocation of ${certificateId}: its reissue is being signed: wait.`)
    }
    if (state !== 'awaitingConfirmation') throw notAwaited('Confirming', certificateId, state)
    await confirm(services, trx, locked, id)
  })
  return loadRevocation(services.db, caller, certificateId)
}

/** The contact's no: the certificate is what it was. Idempotent. @throws AppError `conflict` when the CA is being asked already, `notFound` */
export async function declineRevocation(services: Services, caller: Caller, certificateId: string): Promise<RevocationView> {
  await services.db.transaction().execute(async (trx) => {
    const locked = await lockCertificate(services, trx, caller, certificateId)
    const { id, state } = await loadRevocation(trx, caller, certificateId)
    if (state === 'declined') return
    if (state !== 'awaitingConfirmation') throw notAwaited('Declining', certificateId, state)
    await decline(trx, locked, id)
  })
  return loadRevocation(services.db, caller, certificateId)
}

function notAwaited(attempt: string, certificateId: string, state: RevocationView['state']): AppError {
  return new AppError('conflict', `${attempt} the revocation of ${certificateId}: it is ${state}: nobody has to confirm it.`, {
    facts: { state },
  })
}

async function decline(trx: Trx, { record, history }: LockedCertificate, revocationId: string): Promise<void> {
  await transition(trx, { ...history, subject: 'revocation', id: revocationId, from: 'awaitingConfirmation', to: 'declined' })
  await endRevocation(trx, { revocationId, certificateId: record.id, now: history.now })
}

/** Ends a revocation that did not come about: nothing of it is left on the certificate. */
export async function endRevocation(
  trx: Trx,
  { revocationId, certificateId, now }: { readonly revocationId: string; readonly certificateId: string; readonly now: number },
): Promise<void> {
  await trx
    .updateTable('revocation')
    .set({ ended_at: new Date(now), retry_at: null })
    .where('id', '=', revocationId)
    .execute()
  await trx
    .updateTable('certificate')
    .set({ revocation_requested_at: null, revocation_confirmed_at: null })
    .where('id', '=', certificateId)
    .execute()
}

/** Declines what nobody will confirm any more; a certificate that is deleted leaves no question open. */
export async function declineIfAwaited(trx: Trx, caller: Caller, locked: LockedCertificate): Promise<void> {
  const row = await findLatest(trx, caller, locked.record.id)
  if (row?.state === 'awaitingConfirmation') await decline(trx, locked, row.id)
}

const COLUMNS = [
  'id',
  'certificate_id',
  'state',
  'reason',
  'requested_at',
  'requested_by',
  'confirmed_at',
  'confirmed_by',
  'failed_detail',
  'retry_at',
  'ended_at',
] as const

function findLatest(db: Db | Trx, caller: Caller, certificateId: string) {
  return db
    .selectFrom('revocation')
    .select(COLUMNS)
    .where('account_id', '=', caller.accountId)
    .where('certificate_id', '=', certificateId)
    .orderBy('id', 'desc')
    .executeTakeFirst()
}

/** The latest revocation of a certificate. @throws AppError `notFound` */
export async function loadRevocation(db: Db | Trx, caller: Caller, certificateId: string): Promise<RevocationView> {
  const row = await findLatest(db, caller, certificateId)
  if (row === undefined) throw notFound('revocation of certificate', certificateId)
  return toView(row)
}

function toView(row: Pick<Selectable<RevocationTable>, (typeof COLUMNS)[number]>): RevocationView {
  return {
    id: row.id,
    certificateId: row.certificate_id,
    state: row.state,
    reason: row.reason,
    requestedAt: row.requested_at.toISOString(),
    requestedBy: row.requested_by,
    confirmedAt: row.confirmed_at?.toISOString() ?? null,
    confirmedBy: row.confirmed_by,
    problem: row.failed_detail,
    retryAt: row.retry_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
  }
}
