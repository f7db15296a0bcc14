/**
 * What follows when a certificate is revoked, whoever asked the CA for it: all of it in the caller's transaction.
 *
 * @module
 */
import { sql } from 'kysely'
import { recordHistory, transition, type HistoryFacts, type Trx } from '../../db/transition.ts'
import { tellOld } from '../cancelled-renewal.ts'
import { readSiteKeyKind } from '../../domain/endpoint/site-key-kind.ts'
import type { Services } from '../context.ts'
import { endManagement, giveManagementBack } from '../management.ts'
import { endUnpaid } from '../unpaid-orders.ts'
import { leaveLineage } from '../uploads/leave-lineage.ts'
import { wake } from '../wake.ts'
import type { Work } from './facts.ts'
import { moveSites } from './move-sites.ts'

export interface Revoked {
  readonly facts: HistoryFacts
  /** Epoch milliseconds. */
  readonly revokedAt: number
  /** Null: nobody here asked for it. */
  readonly fromState: 'revocationPending' | null
  /** Why, and by whose word. */
  readonly detail: string
}

/** @param work as it was read before: what changed since refuses, stale */
export async function endAsRevoked(
  services: Services,
  trx: Trx,
  work: Work,
  { facts, revokedAt, fromState, detail }: Revoked,
): Promise<void> {
  const { accountId, certificateId } = work
  const at = new Date(revokedAt)
  await sql`update certificate set revoked_at = ${at}, served_at = null,
      revocation_confirmed_at = coalesce(revocation_confirmed_at, ${at})
    where id = ${certificateId} and account_id = ${accountId}`.execute(trx)
  await recordHistory(trx, {
    ...facts,
    subject: 'certificate',
    subjectId: certificateId,
    fromState,
    toState: 'revoked',
    detail,
  })
  await supersedeDeployments(trx, work, facts)
  await cancelUnpaidRenewal(services, trx, work, facts)
  const oldId = await giveBackToOld(services, trx, work, facts)
  if (oldId === null) await endManagement(trx, { ...facts, certificateId })
  else await giveManagementBack(services, trx, { ...facts, certificateId }, { oldId, newId: certificateId })
  await warnSites(trx, work)
  await leaveLineage(trx, facts, certificateId)
}

/** What was not delivered yet never is. */
async function supersedeDeployments(trx: Trx, work: Work, facts: HistoryFacts): Promise<void> {
  for (const { id, state } of work.facts.deployments) {
    if (state !== 'planned' && state !== 'failed' && state !== 'rolledBack') continue
    await transition(trx, { ...facts, subject: 'deployment', id, from: state, to: 'superseded', detail: 'revoked' })
  }
}

/** An unpaid renewal of a revoked certificate cannot be paid any more. A paid one goes on: it is needed all the more. */
async function cancelUnpaidRenewal(services: Services, trx: Trx, work: Work, facts: HistoryFacts): Promise<void> {
  const renewal = await trx
    .selectFrom('renewal')
    .select('order_id')
    .where('account_id', '=', work.accountId)
    .where('old_certificate_id', '=', work.certificateId)
    .where('state', '=', 'ordered')
    .executeTakeFirst()
  if (renewal === undefined) return
  const end = { id: renewal.order_id, from: 'placed', to: 'cancelled' } as const
  await endUnpaid(services, trx, { ...facts, certificateId: work.certificateId, detail: 'revoked' }, end)
}

/**
 * A renewal that was not closed yet ends with the certificate that it brought. If the old one is still valid, targets and sites belong to
 * it again, so that another renewal finds them; nothing is installed by itself.
 *
 * @returns its id; null when nothing is given back
 */
async function giveBackToOld(services: Services, trx: Trx, work: Work, facts: HistoryFacts): Promise<string | null> {
  const { renewal, renewsCertificateId: oldId } = work
  if (renewal === null || oldId === null || (renewal.state !== 'open' && renewal.state !== 'attention')) return null
  await transition(trx, { ...facts, subject: 'renewal', id: renewal.id, from: renewal.state, to: 'cancelled', detail: 'revoked' })
  await tellOld(trx, { ...facts, certificateId: work.certificateId }, { ...renewal, oldId })
  const { rows } = await sql<{ chain_pem: string }>`select issuance.chain_pem from certificate
    join issuance on issuance.id = certificate.issuance_id
    where certificate.id = ${oldId} and certificate.account_id = ${work.accountId} and certificate.closed_as is null
      and certificate.revoked_at is null and issuance.not_after > ${new Date(facts.now)} for update of certificate`.execute(trx)
  const [old] = rows
  if (old === undefined) return null
  const { accountId, actor, now } = facts
  await moveSites(trx, { accountId, actor, now, from: work.certificateId, to: oldId, keyKind: readSiteKeyKind(old.chain_pem) })
  await trx
    .updateTable('certificate')
    .set({ served_at: null, probe_failures: 0, probe_due_at: null })
    .where('id', '=', oldId)
    .execute()
  await wake(services, trx, oldId)
  return oldId
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
    .where('verdict', '<>', 'revoked') // who knows more has said it already
    .execute()
  await sql`update endpoint e set verdict = 'revoked' from observation o where o.endpoint_id = e.id and o.account_id = e.account_id
    and o.account_id = ${work.accountId} and o.certificate_id = ${work.certificateId} and o.verdict = 'revoked'`.execute(trx)
}
