/**
 * The CA is asked to revoke, until it confirms. Only then the certificate is revoked here, with everything that follows from it in one
 * transaction.
 *
 * @module
 */
import { parseChain } from '@evercert/pki'
import { transition, type HistoryFacts, type Trx } from '../../db/transition.ts'
import { backoffMs } from '../../domain/backoff.ts'
import { AppError } from '../../domain/errors.ts'
import { openIssuer } from '../catalogue.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { endRevocation } from '../revocations.ts'
import { lockLineage } from '../uploads/leave-lineage.ts'
import type { Work, WorkingRevocation } from './facts.ts'
import { forgetIssuerAccount, openIssuerAccount } from './issuer-account.ts'
import { endAsRevoked } from './revoked.ts'

/**
 * Revokes every issuance of the certificate that is still valid: an earlier one of a reissue could go on being used. Revoking twice is
 * fine, so a crash before the record costs nothing. Its failures are recorded with the revocation.
 */
export async function revoke(services: Services, work: Work, signal: AbortSignal): Promise<void> {
  const { revocation } = work
  if (revocation === null) throw stale(work)
  let issuerId: string | null = null
  try {
    const issuances = await loadValid(services, work)
    if (issuances.length === 0) throw expired(work)
    for (const issuance of issuances) {
      issuerId = issuance.issuer_id
      await revokeAt(services, issuance, revocation)
    }
    services.onStep('revoke', 'done')
    await services.db.transaction().execute((trx) => recordRevoked(services, trx, work, revocation))
  } catch (error) {
    if (signal.aborted || (error instanceof AppError && error.stale)) throw error
    await recordRevocationFailure(services, work, { revocation, issuerId, error })
  }
}

function stale(work: Work): AppError {
  return new AppError('conflict', `Revoking ${work.certificateId}: its revocation ended meanwhile.`, { stale: true })
}

function expired(work: Work): AppError {
  return new AppError(
    'certificateExpired',
    `Revoking ${work.certificateId}: it expired before the CA confirmed: nothing is left.`,
  )
}

async function loadValid(services: Services, work: Work) {
  return services.db
    .selectFrom('issuance')
    .innerJoin('application', 'application.id', 'issuance.application_id')
    .select(['issuance.id', 'issuance.chain_pem', 'application.issuer_id'])
    .where('issuance.account_id', '=', work.accountId)
    .where('issuance.certificate_id', '=', work.certificateId)
    .where('issuance.not_after', '>', new Date(services.now()))
    .orderBy('issuance.id')
    .execute()
}

async function revokeAt(
  services: Services,
  { chain_pem: chainPem, issuer_id: issuerId }: { readonly chain_pem: string; readonly issuer_id: string },
  { reason }: WorkingRevocation,
): Promise<void> {
  const [leaf] = parseChain(chainPem)
  if (leaf === undefined) return
  const ca = await openIssuer(services, issuerId)
  await ca.revoke(await openIssuerAccount(services, issuerId, ca), { der: leaf.der, reason })
}

async function recordRevoked(services: Services, trx: Trx, work: Work, revocation: WorkingRevocation): Promise<void> {
  const { accountId, certificateId } = work
  const now = services.now()
  const facts: HistoryFacts = { accountId, certificateId, actor: EVERCERT_ACTOR, now }
  await lockLineage(trx, accountId, certificateId)
  await transition(trx, { ...facts, subject: 'revocation', id: revocation.id, from: 'confirmed', to: 'revoked' })
  await trx
    .updateTable('revocation')
    .set({ ended_at: new Date(now), failed_code: null, failed_detail: null, retry_at: null })
    .where('id', '=', revocation.id)
    .execute()
  await endAsRevoked(services, trx, work, { facts, revokedAt: now, fromState: 'revocationPending', detail: revocation.reason })
}

/** Refused for good, or asked again later: the certificate stays `revocationPending` until the CA has said which. */
async function recordRevocationFailure(
  services: Services,
  work: Work,
  { revocation, issuerId, error }: { revocation: WorkingRevocation; issuerId: string | null; error: unknown },
): Promise<void> {
  const failure = error instanceof AppError ? error : new AppError('internal', 'Revoking: an unexpected error: see the log.')
  services.log.warn({ event: 'revocation.failed', certificateId: work.certificateId, revocationId: revocation.id, error })
  if (failure.code === 'caAccountInvalid' && issuerId !== null) await forgetIssuerAccount(services, issuerId)
  const now = services.now()
  const failures = revocation.failures + 1
  const delayMs = failure.retry === 'after' ? (failure.retryAfterSeconds ?? 60) * 1000 : backoffMs('upstream', failures)
  await services.db.transaction().execute(async (trx) => {
    await trx
      .updateTable('revocation')
      .set({ failures, failed_code: failure.code, failed_detail: failure.message, retry_at: new Date(now + delayMs) })
      .where('id', '=', revocation.id)
      .execute()
    if (failure.retry !== 'never') return
    const facts = { accountId: work.accountId, certificateId: work.certificateId, actor: EVERCERT_ACTOR, now }
    const detail = failure.message
    await transition(trx, { ...facts, subject: 'revocation', id: revocation.id, from: 'confirmed', to: 'refused', detail })
    await endRevocation(trx, { revocationId: revocation.id, certificateId: work.certificateId, now })
  })
}
