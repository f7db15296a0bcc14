/**
 * Deleting: the row leaves the list as `closed`, its keys and issued certificates are destroyed, its history stays. The row itself stays
 * too, so that orders, renewals and the lineage of others still lead somewhere. What was refused before anything was issued is cancelled.
 *
 * @module
 */
import type { EndingView } from '@evercert/contract'
import { recordHistory, type Trx } from '../db/transition.ts'
import { decideDeletion } from '../domain/certificate/decide-ending.ts'
import { AppError } from '../domain/errors.ts'
import { requireScope } from './accounts.ts'
import { cancelLocked } from './cancellations.ts'
import type { Caller, Services } from './context.ts'
import { lockCertificate, refuseUnlessAllowed, withdrawIfAny, type LockedCertificate } from './ending-facts.ts'
import { endManagement } from './management.ts'
import { declineIfAwaited } from './revocations.ts'
import { destroyKeys } from './stored-keys.ts'
import { leaveLineage } from './uploads/leave-lineage.ts'
import { wake } from './wake.ts'

interface Deleted {
  readonly id: string
  /** What cancelling did; null when it was closed. */
  readonly ending: EndingView | null
}

/**
 * Idempotent.
 *
 * @param withoutRefund also when the money of what was refused does not come back any more, or that of what was revoked could still
 * @throws AppError `certificateInUse` with what uses it, `notDeletable`, `issuanceUnderWay`, `alreadyEnded`, `notFound`; of what was revoked
 *   `refundAvailable`; of what was refused `refundPeriodOver`; of both `forbidden` for who may not use the balance
 */
export async function deleteCertificate(
  services: Services,
  caller: Caller,
  { id, withoutRefund }: { readonly id: string; readonly withoutRefund: boolean },
): Promise<Deleted> {
  services.onStep('certificates.remove', 'intended')
  const ending = await services.db.transaction().execute(async (trx) => {
    const locked = await lockCertificate(services, trx, caller, id)
    const decision = decideDeletion(locked.facts, { now: services.now(), withoutRefund })
    refuseUnlessAllowed('Deleting', locked.record, decision)
    if (decision.as === 'cancelled') {
      requireScope(caller, 'orders:write')
      return cancelLocked(services, trx, caller, locked, decision)
    }
    if (decision.done) return null
    if (decision.givesUpMoney) requireScope(caller, 'orders:write')
    await refuseIfInUse(trx, locked)
    await withdrawIfAny(trx, locked) // a refused one: it is with nobody
    await declineIfAwaited(trx, caller, locked)
    await close(services, trx, locked)
    services.onStep('certificates.remove', 'done')
    return null
  })
  services.onStep('certificates.remove', 'recorded')
  return { id, ending }
}

async function refuseIfInUse(trx: Trx, { record }: LockedCertificate): Promise<void> {
  const uses = await findUses(trx, record.accountId, record.id)
  const state = record.facts.application?.state ?? null
  const application = state === 'pendingValidation' || state === 'inReview' ? [record.application?.id ?? ''] : []
  const facts = { ...uses, application }
  if (Object.values(facts).every((list) => list.length === 0)) return
  const named = Object.entries(facts).flatMap(([what, list]) => (list.length === 0 ? [] : [`${what} ${list.join(', ')}`]))
  throw new AppError(
    'certificateInUse',
    `Deleting ${record.name} (${record.id}): it is in use: ${named.join('; ')}: remove these first, or let the renewal end.`,
    { facts },
  )
}

/** Targets and sites; renewals under way on either side, whose other certificate still needs this one. */
async function findUses(trx: Trx, accountId: string, id: string) {
  const targets = await trx
    .selectFrom('target')
    .select('name')
    .where('account_id', '=', accountId)
    .where('certificate_id', '=', id)
    .orderBy('name')
    .execute()
  const endpoints = await trx
    .selectFrom('endpoint')
    .select(['host', 'port'])
    .where('account_id', '=', accountId)
    .where('certificate_id', '=', id)
    .orderBy('host')
    .execute()
  const renewals = await trx
    .selectFrom('renewal')
    .select('id')
    .where('account_id', '=', accountId)
    .where('state', 'in', ['ordered', 'open', 'attention'])
    .where((builder) => builder.or([builder('old_certificate_id', '=', id), builder('new_certificate_id', '=', id)]))
    .execute()
  return {
    targets: targets.map(({ name }) => name),
    endpoints: endpoints.map(({ host, port }) => `${host}:${port}`),
    renewals: renewals.map(({ id: renewalId }) => renewalId),
  }
}

async function close(services: Services, trx: Trx, { record, facts, history }: LockedCertificate): Promise<void> {
  const { accountId, id, issuance } = record
  await endManagement(trx, { ...history, certificateId: id })
  const keys = await destroyKeys(trx, accountId, id)
  const closed = await trx
    .updateTable('certificate')
    .set({ closed_as: 'closed', closed_at: new Date(history.now), issuance_id: null })
    .where('id', '=', id)
    .where('account_id', '=', accountId)
    .where('closed_as', 'is', null)
    .executeTakeFirst()
  if (closed.numUpdatedRows !== 1n) throw new AppError('conflict', `Deleting ${id}: it was ended meanwhile: read it again.`)
  // Deliveries to targets that went on to its successor refer to what is deleted here.
  await trx
    .deleteFrom('deployment')
    .where('account_id', '=', accountId)
    .where('issuance_id', 'in', (query) =>
      query.selectFrom('issuance').select('issuance.id').where('account_id', '=', accountId).where('certificate_id', '=', id),
    )
    .execute()
  await trx.deleteFrom('issuance').where('account_id', '=', accountId).where('certificate_id', '=', id).execute()
  const what =
    issuance === null ? 'nothing issued' : `SHA-256 ${issuance.sha256}, serial ${issuance.serial}, ${issuance.names.join(', ')}`
  await recordHistory(trx, {
    ...history,
    subject: 'certificate',
    subjectId: id,
    fromState: facts.status,
    toState: 'deleted',
    detail: `${what}; ${keys} stored ${keys === 1 ? 'key' : 'keys'} destroyed`,
  })
  await leaveLineage(trx, history, id)
  await wake(services, trx, id) // for TXT records
}
