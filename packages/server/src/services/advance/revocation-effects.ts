/**
 * The CA is asked to revoke, until it confirms. Only then the certificate is revoked here, with everything that follows from it in one
 * transaction.
 *
 * @module
 */
import { sql } from 'kysely'
import { parseChain } from '@evercert/pki'
import { recordHistory, transition, type HistoryFacts, type Trx } from '../../db/transition.ts'
import { backoffMs } from '../../domain/backoff.ts'
import { AppError } from '../../domain/errors.ts'
import { openIssuer } from '../catalogue.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { endRevocation } from '../revocations.ts'
import { wake } from '../wake.ts'
import type { Work, WorkingRevocation } from './facts.ts'
import { forgetIssuerAccount, openIssuerAccount } from './issuer-account.ts'
import { moveSites } from './move-sites.ts'

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
  await transition(trx, { ...facts, subject: 'revocation', id: revocation.id, from: 'confirmed', to: 'revoked' })
  await trx
    .updateTable('revocation')
    .set({ ended_at: new Date(now), failed_code: null, failed_detail: null, retry_at: null })
    .where('id', '=', revocation.id)
    .execute()
  await trx
    .updateTable('certificate')
    .set({ revoked_at: new Date(now), served_at: null })
    .where('id', '=', certificateId)
    .where('account_id', '=', accountId)
    .execute()
  await recordHistory(trx, {
    ...facts,
    subject: 'certificate',
    subjectId: certificateId,
    fromState: 'revocationPending',
    toState: 'revoked',
    detail: revocation.reason,
  })
  await supersedeDeployments(trx, work, facts)
  await cancelUnpaidRenewal(trx, work, facts)
  await giveBackToOld(services, trx, work, facts)
  await warnSites(trx, work)
}

/** What was not delivered yet never is. */
async function supersedeDeployments(trx: Trx, work: Work, facts: HistoryFacts): Promise<void> {
  for (const { id, state } of work.facts.deployments) {
    if (state !== 'planned' && state !== 'failed' && state !== 'rolledBack') continue
    await transition(trx, { ...facts, subject: 'deployment', id, from: state, to: 'superseded', detail: 'revoked' })
  }
}

/** An unpaid renewal of a revoked certificate cannot be paid any more. A paid one goes on: it is needed all the more. */
async function cancelUnpaidRenewal(trx: Trx, work: Work, facts: HistoryFacts): Promise<void> {
  const renewal = await trx
    .selectFrom('renewal')
    .select(['id', 'order_id'])
    .where('account_id', '=', work.accountId)
    .where('old_certificate_id', '=', work.certificateId)
    .where('state', '=', 'ordered')
    .executeTakeFirst()
  if (renewal === undefined) return
  await transition(trx, { ...facts, subject: 'order', id: renewal.order_id, from: 'placed', to: 'cancelled', detail: 'revoked' })
  await transition(trx, { ...facts, subject: 'renewal', id: renewal.id, from: 'ordered', to: 'cancelled', detail: 'revoked' })
}

/**
 * A renewal that was not closed yet ends with the certificate that it brought. If the old one is still valid, targets and sites belong to
 * it again, so that another renewal finds them; nothing is installed by itself.
 */
async function giveBackToOld(services: Services, trx: Trx, work: Work, facts: HistoryFacts): Promise<void> {
  const { renewal, renewsCertificateId: oldId } = work
  if (renewal === null || oldId === null || (renewal.state !== 'open' && renewal.state !== 'attention')) return
  await transition(trx, { ...facts, subject: 'renewal', id: renewal.id, from: renewal.state, to: 'cancelled', detail: 'revoked' })
  const { rows } = await sql<{ id: string }>`select certificate.id from certificate
    join issuance on issuance.id = certificate.issuance_id
    where certificate.id = ${oldId} and certificate.account_id = ${work.accountId} and certificate.closed_as is null
      and certificate.revoked_at is null and issuance.not_after > ${new Date(facts.now)} for update of certificate`.execute(trx)
  if (rows.length === 0) return
  const { accountId, actor, now } = facts
  await moveSites(trx, { accountId, actor, now, from: work.certificateId, to: oldId })
  await trx
    .updateTable('certificate')
    .set({ served_at: null, probe_failures: 0, probe_due_at: null })
    .where('id', '=', oldId)
    .execute()
  await wake(services, trx, oldId)
}

const REVOKED = {
  cause: {
    en: 'This address was last seen to serve a certificate that its CA has revoked.',
    zh: '最近一次探测时，该地址使用的证书已被 CA 吊销。',
  },
  remedy: {
    en: 'Install another certificate at once: clients may refuse this one.',
    zh: '请立即安装其他证书：客户端可能拒绝该证书。',
  },
}

/** Probing stops, so what was seen last says that it is revoked. */
async function warnSites(trx: Trx, work: Work): Promise<void> {
  await trx
    .updateTable('observation')
    .set({ verdict: 'revoked', cause: JSON.stringify(REVOKED.cause), remedy: JSON.stringify(REVOKED.remedy) })
    .where('account_id', '=', work.accountId)
    .where('sha256', 'in', (query) =>
      query
        .selectFrom('issuance')
        .select('issuance.sha256')
        .where('issuance.account_id', '=', work.accountId)
        .where('issuance.certificate_id', '=', work.certificateId),
    )
    .where('certificate_id', '=', work.certificateId)
    .execute()
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
