/**
 * Managed certificates: who lets one renew by itself, what it may spend, and what it passes on to its successor.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { sql, type RawBuilder } from 'kysely'
import type { CertificateDetail, MoneyView } from '@evercert/contract'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import type { Db } from '../db/connect.ts'
import { requireTrue } from '../db/later.ts'
import { recordHistory, type HistoryFacts, type Trx } from '../db/transition.ts'
import { decideRenewal } from '../domain/certificate/decide-renewal.ts'
import { deriveStatus } from '../domain/certificate/derive-status.ts'
import { AppError } from '../domain/errors.ts'
import { findManageObstacles, planManaged, reconsiderAt, type ManageObstacle } from '../domain/managed/decide-managed.ts'
import { formatMoney, requireCurrency } from '../domain/payment/money.ts'
import { findHostKey } from './agents/host-keys.ts'
import { loadCertificate, loadCertificateDetail } from './certificates.ts'
import { rulesChanged } from './approvals/rules.ts'
import type { Caller, Services } from './context.ts'
import { lockCertificate, type LockedCertificate } from './ending-facts.ts'
import { lockLineage } from './uploads/leave-lineage.ts'
import { wake } from './wake.ts'

/** A managed certificate as its jobs use it. */
export interface Management {
  readonly limit: MoneyView
  readonly jitter: number
  readonly failures: number
  readonly retryAt: number | null
}

const OBSTACLE_TEXTS: Readonly<Record<ManageObstacle, string>> = {
  uploaded:
    'it was uploaded, and nothing says which product renews it: renew it once by hand, and manage the certificate that comes of that',
  notIssued: 'it is not issued yet: manage it once it is',
  ended: 'it has ended: buy a new one',
  brandUnsupported: 'its brand does not support renewal, and nothing is left to reissue: buy one of another brand',
  csrOfYours: 'its CSR was made by you, and a renewal needs a new key: let the service make the next one',
  dnsByHand: 'its domains are validated by DNS by hand: use a DNS connection or a file',
}

/**
 * Lets a certificate renew and reissue by itself, under the locks of those who end certificates.
 *
 * @param isAllowed what else has to be true: true or false
 * @throws AppError `unknownCurrency`, as {@link lockManageable}; `conflict`, stale, as `writeLater` says, when it is not allowed
 */
export async function manageIn(
  services: Services,
  trx: Trx,
  caller: Caller,
  { id, limit }: { readonly id: string; readonly limit: MoneyView },
  isAllowed?: RawBuilder<boolean>,
): Promise<void> {
  requireCurrency(limit.currency, `Managing ${id}`)
  const { history } = await lockManageable(services, trx, caller, id)
  await storeManagement(services, trx, { ...history, certificateId: id }, { limit, isAllowed })
}

/** @throws AppError `alreadyRenewed` with what renews it, `notManageable` with every obstacle, `conflict`, `notFound` */
export async function lockManageable(services: Services, trx: Trx, caller: Caller, id: string): Promise<LockedCertificate> {
  const locked = await lockCertificate(services, trx, caller, id)
  await refuseUnmanageable(services, trx, locked.record)
  return locked
}

async function refuseUnmanageable(services: Services, trx: Trx, record: CertificateRecord): Promise<void> {
  const renewalId = record.facts.liveRenewal?.renewalId ?? null
  const certificateId = record.facts.liveRenewal?.certificateId ?? null
  if (certificateId !== null) {
    const attempt = `Managing ${record.name} (${record.id})`
    throw new AppError('alreadyRenewed', `${attempt}: it is renewed by ${certificateId}, which can be managed in its place.`, {
      facts: { renewalId, certificateId },
    })
  }
  const obstacles = await findObstacles(services, trx, record)
  const [first] = obstacles
  if (first === undefined) return
  throw new AppError('notManageable', `Managing ${record.name} (${record.id}): ${OBSTACLE_TEXTS[first]}.`, {
    facts: { obstacles },
  })
}

async function findObstacles(services: Services, trx: Trx, record: CertificateRecord): Promise<readonly ManageObstacle[]> {
  const status = deriveStatus(record.facts, services.now(), services.policy)
  return findManageObstacles({
    renewal: record.facts,
    isReissued: decideRenewal(record.facts, services.now(), services.policy).reissueOpensAt !== null,
    status: status === 'issued' || status === 'expiringSoon' ? status : 'other',
    ...(await loadLastForm(trx, record.accountId, record.id)),
  })
}

/** Idempotent. @throws AppError `notFound` */
export async function stopManaging(services: Services, caller: Caller, id: string): Promise<CertificateDetail> {
  await loadCertificate(services, caller, id)
  await services.db.transaction().execute(async (trx) => {
    await lockLineage(trx, caller.accountId, id)
    await endManagement(trx, { accountId: caller.accountId, certificateId: id, actor: caller.actor, now: services.now() })
  })
  return loadCertificateDetail(services, caller, id)
}

/**
 * Money comes in: managed certificates that lacked it act at once. The caller holds the lock of the names, as whoever pays for a renewal does, and
 * moves the money afterwards: certificates are locked before what manages them, and both before the balance.
 */
export async function wakeUnpaid(services: Services, trx: Trx, accountId: string): Promise<void> {
  const { rows } = await sql<{ id: string }>`select certificate.id from certificate
    join management on management.certificate_id = certificate.id
    where management.account_id = ${accountId} and management.failed_code = 'paymentRequired'
    order by certificate.id for no key update of certificate`.execute(trx)
  if (rows.length === 0) return
  const waiting = await trx
    .updateTable('management')
    .set({ retry_at: null })
    .where('account_id', '=', accountId)
    .where('failed_code', '=', 'paymentRequired')
    .where(sql<boolean>`certificate_id = any(${rows.map(({ id }) => id)}::text[])`)
    .returning('certificate_id')
    .execute()
  for (const { certificate_id: id } of waiting) await wake(services, trx, id)
}

/** The unpaid order that stood in its way is gone. */
export async function forgetUnpaid(trx: Trx, accountId: string, certificateId: string): Promise<void> {
  await trx
    .updateTable('management')
    .set({ failures: 0, failed_code: null, failed_detail: null, retry_at: null })
    .where('certificate_id', '=', certificateId)
    .where('account_id', '=', accountId)
    .where('failed_code', '=', 'renewalUnpaid')
    .execute()
}

type OfCertificate = HistoryFacts & { readonly certificateId: string }

/** Also wakes the certificate: its row changes once. The caller holds its lock. */
async function storeManagement(
  services: Services,
  trx: Trx,
  facts: OfCertificate,
  {
    limit,
    why = '',
    isAllowed = sql<boolean>`true`,
  }: { readonly limit: MoneyView; readonly why?: string; readonly isAllowed?: RawBuilder<boolean> | undefined },
): Promise<void> {
  const { accountId, certificateId, now } = facts
  const stored = trx
    .insertInto('management')
    .values({
      certificate_id: certificateId,
      account_id: accountId,
      limit_minor: limit.amountMinor,
      currency: limit.currency,
      jitter: randomInt(JITTER_STEPS) / JITTER_STEPS,
      created_at: new Date(now),
    })
    .onConflict((conflict) =>
      conflict.column('certificate_id').doUpdateSet({
        limit_minor: limit.amountMinor,
        currency: limit.currency,
        failures: 0,
        failed_code: null,
        failed_detail: null,
        retry_at: null,
      }),
    )
  await requireTrue(trx, isAllowed, () => rulesChanged(`Managing ${certificateId}`), sql`stored as (${stored})`)
  await wake(services, trx, certificateId, { managed: true })
  const detail = `at most ${formatMoney(limit)} for each renewal${why}`
  await recordHistory(trx, {
    ...facts,
    subject: 'management',
    subjectId: certificateId,
    fromState: null,
    toState: 'managed',
    detail,
  })
}

/** Finer than anybody will notice over the ten days that it spreads. */
const JITTER_STEPS = 1_000_000

/** Safe to repeat. @returns null: nothing acts by itself any more */
export async function endManagement(trx: Trx, facts: OfCertificate): Promise<null> {
  const { accountId, certificateId } = facts
  await trx
    .updateTable('certificate')
    .set({ managed: false })
    .where('id', '=', certificateId)
    .where('account_id', '=', accountId)
    .where('managed', '=', true)
    .execute()
  const removed = await trx
    .deleteFrom('management')
    .where('certificate_id', '=', certificateId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (removed.numDeletedRows === 0n) return null
  await recordHistory(trx, { ...facts, subject: 'management', subjectId: certificateId, fromState: 'managed', toState: 'ended' })
  return null
}

/** The certificate that renews a managed one is managed from its first moment, under the same limit; the old one no more. */
export async function passManagementOn(
  services: Services,
  trx: Trx,
  facts: HistoryFacts,
  { oldId, newId }: { readonly oldId: string; readonly newId: string },
): Promise<void> {
  const passed = await loadManagement(trx, facts.accountId, oldId)
  if (passed === null) return
  await endManagement(trx, { ...facts, certificateId: oldId })
  await storeManagement(services, trx, { ...facts, certificateId: newId }, passed)
}

/**
 * The other way, when the renewal was given up before its certificate was issued: else nobody would renew the old one. Whoever gave it up has
 * some time before it is bought again.
 *
 * @returns when the old one acts by itself, epoch milliseconds; null when it is not managed
 */
export async function giveManagementBack(
  services: Services,
  trx: Trx,
  facts: HistoryFacts,
  { oldId, newId }: { readonly oldId: string; readonly newId: string },
): Promise<number | null> {
  const passed = await loadManagement(trx, facts.accountId, newId)
  await endManagement(trx, { ...facts, certificateId: newId })
  const old = await findCertificate(trx, facts.accountId, oldId)
  if (passed === null || old === null || (await findObstacles(services, trx, old)).length > 0) return null
  const given = { limit: passed.limit, why: `; given back by ${newId}` }
  await storeManagement(services, trx, { ...facts, certificateId: oldId }, given)
  const row = await loadManagement(trx, facts.accountId, oldId)
  const plan = planManaged(old.facts, { jitter: row?.jitter ?? 0, suggestedAt: null }, facts.now, services.policy)
  if (plan === null) return null
  const retryAt = reconsiderAt(plan, facts.now)
  await trx
    .updateTable('management')
    .set({ retry_at: new Date(retryAt) })
    .where('certificate_id', '=', oldId)
    .where('account_id', '=', facts.accountId)
    .execute()
  return Math.max(plan.at, retryAt)
}

/** Null when the certificate is not managed. */
export async function loadManagement(db: Db | Trx, accountId: string, certificateId: string): Promise<Management | null> {
  const row = await db
    .selectFrom('management')
    .select(['limit_minor', 'currency', 'jitter', 'failures', 'retry_at'])
    .where('certificate_id', '=', certificateId)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    limit: { amountMinor: row.limit_minor, currency: row.currency },
    jitter: row.jitter,
    failures: row.failures,
    retryAt: row.retry_at?.getTime() ?? null,
  }
}

async function loadLastForm(db: Db | Trx, accountId: string, certificateId: string) {
  const row = await db
    .selectFrom('certificate')
    .innerJoin('application', 'application.id', 'certificate.application_id')
    .select(['application.form', 'application.private_key_id'])
    .where('certificate.account_id', '=', accountId)
    .where('certificate.id', '=', certificateId)
    .executeTakeFirst()
  if (row === undefined) return { lastForm: null, hasForeignKey: false }
  const { form, private_key_id: keyId } = row
  const csrId = form.csrId ?? null // forms of before stored CSRs have none
  const isElsewhere = csrId !== null && keyId === null && (await findHostKey(db, accountId, csrId)) === null
  return { lastForm: form, hasForeignKey: form.csrPem !== null || isElsewhere }
}
