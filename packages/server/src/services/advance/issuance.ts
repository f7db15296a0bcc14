/**
 * From the CA's answer to a stored certificate: issuance, entitlement, and what has to be deployed and proved, in one transaction.
 *
 * @module
 */
import { sql } from 'kysely'
import type { CertificateFacts } from '@evercert/pki'
import { toMs } from '../../db/time.ts'
import { requireTrue, writeLater } from '../../db/later.ts'
import { transition, type Trx } from '../../db/transition.ts'
import { decideEntitlement, decideValidity, type TopUpFacts } from '../../domain/entitlement/entitlement.ts'
import { siteKeyKind } from '../../domain/endpoint/site-key-kind.ts'
import { AppError } from '../../domain/errors.ts'
import { insertIssuance } from '../certificates.ts'
import { EVERCERT_ACTOR, notFound, type Services } from '../context.ts'
import { insertDeployments, type Delivery } from '../targets.ts'
import type { Work, WorkingApplication } from './facts.ts'
import { moveSites, type Move } from './move-sites.ts'

/** The notAfter to ask the CA for: the end of the entitlement, within the cap of today. */
export async function plannedNotAfter(services: Services, work: Work, rule: 'public' | 'private'): Promise<number> {
  const now = services.now()
  const basis = await loadEntitlementBasis(services.db, work)
  const entitledUntil = basis.entitledUntil ?? decideEntitlement(basis, now).entitledUntil
  return decideValidity({ entitledUntil, rule, notBefore: now }).notAfter
}

/** What the order pays for is decided from this when its first certificate is issued (DOMAIN §3, top-up). */
interface EntitlementBasis extends TopUpFacts {
  /** When it was decided; null before. */
  readonly entitledUntil: number | null
}

async function loadEntitlementBasis(db: Services['db'], work: Work): Promise<EntitlementBasis> {
  const row = await db
    .selectFrom('certificate')
    .innerJoin('order', 'order.id', 'certificate.order_id')
    .leftJoin('entitlement', 'entitlement.certificate_id', 'certificate.id')
    .leftJoin('certificate as old', 'old.id', 'certificate.renews_certificate_id')
    .leftJoin('issuance as old_issuance', 'old_issuance.id', 'old.issuance_id')
    .leftJoin('entitlement as old_entitlement', 'old_entitlement.certificate_id', 'old.id')
    .select([
      'order.kind',
      'order.same_specification',
      'order.term_years',
      'entitlement.entitled_until',
      'old.origin',
      'old_issuance.not_after',
      'old_entitlement.entitled_until as old_entitled_until',
    ])
    .where('certificate.account_id', '=', work.accountId)
    .where('certificate.id', '=', work.certificateId)
    .executeTakeFirst()
  if (row === undefined) throw notFound('certificate', work.certificateId)
  return {
    kind: row.kind,
    oldOrigin: row.origin,
    sameSpecification: row.same_specification,
    oldNotAfter: toMs(row.not_after),
    oldEntitledUntil: toMs(row.old_entitled_until),
    termYears: row.term_years,
    entitledUntil: toMs(row.entitled_until),
  }
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
  const basis = await loadEntitlementBasis(services.db, work)
  const sites = await findSites(services.db, work)
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
    const issuanceId = await insertIssuance(services, trx, {
      accountId,
      certificateId,
      applicationId: application.id,
      privateKeyId: application.privateKeyId,
      ...issued,
    })
    await storeEntitlement(trx, work, basis, issued.leaf)
    const isSet = { issuance_id: issuanceId, served_at: null, probe_failures: 0, probe_due_at: null }
    await writeLater(trx, trx.updateTable('certificate').set(isSet).where('id', '=', certificateId))
    await forgetManagedFailures(trx, work)
    await placeSites(trx, work, { keyKind: siteKeyKind(issued.leaf.algorithm), now })
    await redeploy(services, trx, { accountId, certificateId, issuanceId }, sites)
  })
}

/** The end is asked of the CA moments before it signs: an entitlement that outlasts its certificate by seconds would be no promise. */
const MOMENTS_MS = 60_000

async function storeEntitlement(trx: Trx, work: Work, basis: EntitlementBasis, leaf: CertificateFacts): Promise<void> {
  if (basis.entitledUntil !== null) return
  const entitlement = decideEntitlement(basis, leaf.notBefore)
  const outlastsMs = entitlement.entitledUntil - leaf.notAfter
  const entitledUntil = outlastsMs > 0 && outlastsMs <= MOMENTS_MS ? leaf.notAfter : entitlement.entitledUntil
  await writeLater(
    trx,
    trx.insertInto('entitlement').values({
      certificate_id: work.certificateId,
      account_id: work.accountId,
      term_years: basis.termYears,
      starts_at: new Date(leaf.notBefore),
      entitled_until: new Date(entitledUntil),
      topped_up_days: entitlement.toppedUpDays,
    }),
  )
}

async function forgetManagedFailures(trx: Trx, { accountId, certificateId }: Work): Promise<void> {
  const none = trx
    .updateTable('management')
    .set({ failures: 0, failed_code: null, failed_detail: null, retry_at: null })
    .where('certificate_id', '=', certificateId)
    .where('account_id', '=', accountId)
    .where('failures', '>', 0)
  await writeLater(trx, none)
}

/**
 * Where the old certificate was installed and served, the new one belongs from now on. The lock makes whoever adds a target or an
 * endpoint to the old certificate at this moment come before, or find the successor. Once that is issued they find it anyway, and lock both, the
 * old one first: whoever issues it again leaves the old one alone.
 */
async function placeSites(trx: Trx, work: Work, { keyKind, now }: Pick<Move, 'keyKind' | 'now'>): Promise<void> {
  const { accountId, certificateId: to, renewsCertificateId } = work
  const old = sql`select id from certificate where id = ${renewsCertificateId} and account_id = ${accountId} for update`
  if (renewsCertificateId !== null && work.issuanceId === null) await writeLater(trx, old.compile(trx))
  await moveSites(trx, { accountId, actor: EVERCERT_ACTOR, now, from: renewsCertificateId ?? to, to, keyKind })
}

/** A target, and what is under way there of an earlier issuance. */
interface Site {
  readonly targetId: string
  readonly deployment: { readonly id: string; readonly state: (typeof LIVE)[number] } | null
}

const LIVE = ['planned', 'applied', 'failed', 'rolledBack'] as const

/** Where the certificate is installed, or is to be with its first issuance. */
async function findSites(db: Services['db'], work: Work): Promise<Site[]> {
  const rows = await db
    .selectFrom('target')
    .leftJoin('deployment', (join) => join.onRef('deployment.target_id', '=', 'target.id').on('deployment.state', 'in', LIVE))
    .select(['target.id as target_id', 'deployment.id', 'deployment.state'])
    .where('target.account_id', '=', work.accountId)
    .where('target.certificate_id', 'in', [work.certificateId, work.renewsCertificateId ?? work.certificateId])
    .orderBy('target.id')
    .execute()
  return rows.map(({ target_id: targetId, id, state }) => ({
    targetId,
    deployment: id === null ? null : { id, state: state as (typeof LIVE)[number] },
  }))
}

/**
 * Every target gets what was issued now. Deliveries of what was issued before end here: none of them may put the old pair over the new one.
 *
 * @param sites of moments ago
 * @throws AppError `conflict`, stale, when they are not the same any more
 */
async function redeploy(services: Services, trx: Trx, delivery: Delivery, sites: readonly Site[]): Promise<void> {
  const { accountId, certificateId, issuanceId } = delivery
  const facts = { accountId, certificateId, actor: EVERCERT_ACTOR, now: services.now() }
  for (const { deployment } of sites) {
    // Touched by nobody: who would is at work here. A try that a crash broke off goes on with the new pair.
    if (deployment !== null)
      await transition(trx, {
        ...facts,
        subject: 'deployment',
        id: deployment.id,
        from: deployment.state,
        to: 'superseded',
        set: { begun_at: null },
      })
  }
  const targetIds = [...new Set(sites.map(({ targetId }) => targetId))]
  await insertDeployments(services, trx, delivery, targetIds)
  const areAll = sql<boolean>`(select count(*) = ${targetIds.length}::int and bool_and(made.id is not null and other.id is null) is not false
    from target
      left join deployment made on made.target_id = target.id and made.issuance_id = ${issuanceId}
      left join deployment other on other.target_id = target.id and other.issuance_id <> ${issuanceId}
        and other.state in (${sql.join(LIVE)})
    where target.account_id = ${accountId} and target.certificate_id = ${certificateId})`
  await requireTrue(trx, areAll, () => overtaken(certificateId))
}

function overtaken(certificateId: string): AppError {
  return new AppError(
    'conflict',
    `Storing what was issued for ${certificateId}: its targets changed meanwhile: it is read again.`,
    {
      stale: true,
    },
  )
}
