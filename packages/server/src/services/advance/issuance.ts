/**
 * From the CA's answer to a stored certificate: issuance, entitlement, and what has to be deployed and proved, in one transaction.
 *
 * @module
 */
import { sql } from 'kysely'
import type { CertificateFacts } from '@evercert/pki'
import { findCertificate, type CertificateRecord } from '../../db/certificates.ts'
import type { Db } from '../../db/connect.ts'
import { transition, type Trx } from '../../db/transition.ts'
import { decideEntitlement, decideValidity, type Entitlement } from '../../domain/entitlement/entitlement.ts'
import { insertIssuance } from '../certificates.ts'
import { EVERCERT_ACTOR, notFound, type Services } from '../context.ts'
import { endsOfOld } from '../orders.ts'
import { planDeployments } from '../targets.ts'
import type { Work, WorkingApplication } from './facts.ts'

/** The notAfter to ask the CA for: the end of the entitlement, within the cap of today. */
export async function plannedNotAfter(services: Services, work: Work, rule: 'public' | 'private'): Promise<number> {
  const now = services.now()
  const record = await findCertificate(services.db, work.accountId, work.certificateId)
  if (record === null) throw notFound('certificate', work.certificateId)
  const entitledUntil = record.entitlement?.entitledUntil ?? (await grantEntitlement(services.db, record, now)).entitledUntil
  return decideValidity({ entitledUntil, rule, notBefore: now }).notAfter
}

/** What the order pays for, decided when the first certificate is issued (DOMAIN §3, top-up). */
async function grantEntitlement(db: Db | Trx, record: CertificateRecord, issuedAt: number): Promise<Entitlement> {
  const old = record.renewsCertificateId === null ? null : await findCertificate(db, record.accountId, record.renewsCertificateId)
  const order = await db
    .selectFrom('order')
    .select(['kind', 'same_specification', 'term_years'])
    .where('account_id', '=', record.accountId)
    .where('id', '=', record.orderId)
    .executeTakeFirstOrThrow()
  return decideEntitlement(
    {
      kind: order.kind,
      oldOrigin: old?.facts.origin ?? null,
      sameSpecification: order.same_specification,
      ...endsOfOld(old),
      termYears: order.term_years,
    },
    issuedAt,
  )
}

export interface IssuedChain {
  readonly chainPem: string
  readonly leaf: CertificateFacts
}

/** Safe to repeat: the application is issued once, and a second call finds it so. @throws AppError `conflict` */
export async function storeIssuance(
  services: Services,
  work: Work,
  application: WorkingApplication,
  issued: IssuedChain,
): Promise<void> {
  const now = services.now()
  const { accountId, certificateId } = work
  await services.db.transaction().execute(async (trx) => {
    await transition(trx, {
      subject: 'application',
      id: application.id,
      from: 'inReview',
      to: 'issued',
      accountId,
      certificateId,
      actor: EVERCERT_ACTOR,
      detail: `SHA-256 ${issued.leaf.sha256}`,
      now,
    })
    const key = await trx
      .selectFrom('application')
      .select('private_key_id')
      .where('id', '=', application.id)
      .executeTakeFirstOrThrow()
    const issuanceId = await insertIssuance(services, trx, {
      accountId,
      certificateId,
      applicationId: application.id,
      privateKeyId: key.private_key_id,
      ...issued,
    })
    await storeEntitlement(services, trx, work, issued.leaf)
    await trx
      .updateTable('certificate')
      .set({ issuance_id: issuanceId, served_at: null, probe_failures: 0, probe_due_at: null })
      .where('id', '=', certificateId)
      .execute()
    await takeOverFromOld(trx, work)
    await supersedeDeployments(trx, work, issuanceId, now)
    await planDeployments(services, trx, { accountId, certificateId, issuanceId })
  })
}

/** The end is asked of the CA moments before it signs: an entitlement that outlasts its certificate by seconds would be no promise. */
const MOMENTS_MS = 60_000

async function storeEntitlement(services: Services, trx: Trx, work: Work, leaf: CertificateFacts): Promise<void> {
  const record = await findCertificate(trx, work.accountId, work.certificateId)
  if (record === null || record.entitlement !== null) return
  const entitlement = await grantEntitlement(trx, record, leaf.notBefore)
  const outlastsMs = entitlement.entitledUntil - leaf.notAfter
  const entitledUntil = outlastsMs > 0 && outlastsMs <= MOMENTS_MS ? leaf.notAfter : entitlement.entitledUntil
  await trx
    .insertInto('entitlement')
    .values({
      certificate_id: work.certificateId,
      account_id: work.accountId,
      term_years: record.termYears ?? 1,
      starts_at: new Date(leaf.notBefore),
      entitled_until: new Date(entitledUntil),
      topped_up_days: entitlement.toppedUpDays,
    })
    .execute()
}

/**
 * Where the old certificate was installed and served, the new one belongs from now on. The lock makes whoever adds a target or an
 * endpoint to the old certificate at this moment come before, or find the successor.
 */
async function takeOverFromOld(trx: Trx, work: Work): Promise<void> {
  if (work.renewsCertificateId === null) return
  await sql`select id from certificate where id = ${work.renewsCertificateId} and account_id = ${work.accountId} for update`.execute(
    trx,
  )
  for (const table of ['target', 'endpoint'] as const) {
    await trx
      .updateTable(table)
      .set({ certificate_id: work.certificateId })
      .where('account_id', '=', work.accountId)
      .where('certificate_id', '=', work.renewsCertificateId)
      .execute()
  }
}

/** Deliveries of what was issued before end here: none of them may put the old pair over the new one. */
async function supersedeDeployments(trx: Trx, work: Work, issuanceId: string, now: number): Promise<void> {
  const { accountId, certificateId } = work
  const older = await trx
    .selectFrom('deployment')
    .innerJoin('target', 'target.id', 'deployment.target_id')
    .select(['deployment.id', 'deployment.state'])
    .where('target.account_id', '=', accountId)
    .where('target.certificate_id', '=', certificateId)
    .where('deployment.issuance_id', '<>', issuanceId)
    .where('deployment.state', 'in', ['planned', 'applied', 'failed', 'rolledBack'])
    .execute()
  for (const { id, state } of older) {
    const facts = { accountId, certificateId, actor: EVERCERT_ACTOR, now }
    await transition(trx, { ...facts, subject: 'deployment', id, from: state, to: 'superseded' })
  }
}
