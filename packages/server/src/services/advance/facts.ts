/**
 * What `nextStep` needs of one certificate, and what the effects need beside it.
 *
 * @module
 */
import { sql } from 'kysely'
import type { AdvanceFacts, ApplicationFacts, DeploymentCheck, ManagedFacts } from '../../domain/certificate/next-step.ts'
import { planManaged, reconsiderAt } from '../../domain/managed/decide-managed.ts'
import { whenToAsk } from '../../domain/managed/suggested-window.ts'
import type { ApplicationForm } from '../../domain/application/prefill.ts'
import type { ApplicationState } from '../../domain/application/application-machine.ts'
import type { CaSubject, RevocationReason } from '../../ports/ca.ts'
import type { DeploymentState } from '../../domain/deployment/deployment-machine.ts'
import type { RenewalState } from '../../domain/renewal/renewal-machine.ts'
import { subjectOf } from '../../domain/applicant/subject.ts'
import { findCertificate, type CertificateRecord } from '../../db/certificates.ts'
import type { Db } from '../../db/connect.ts'
import { SAME } from '../../db/same-account.ts'
import { toMs } from '../../db/time.ts'
import type { Trx } from '../../db/transition.ts'
import { workedOut } from '../../db/worked-out.ts'
import { AppError } from '../../domain/errors.ts'
import type { IssuerSettings } from '../catalogue.ts'
import type { Services } from '../context.ts'
import { loadManagement } from '../management.ts'
import { canAskCa } from './can-ask-ca.ts'

/** The application in progress, as the effects use it. */
export interface WorkingApplication {
  readonly id: string
  /** Of its row: changes with its state, and when an agent reported for it. */
  readonly version: number
  readonly issuerId: string
  readonly issuer: IssuerSettings
  readonly state: ApplicationState
  readonly form: ApplicationForm
  readonly identifiers: readonly string[]
  readonly method: 'file' | 'dns'
  readonly privateKeyId: string | null
  readonly csr: Uint8Array | null
  readonly spkiSha256: string | null
  readonly reference: string
  readonly firstAttemptAt: number | null
  readonly orderRef: string | null
  /** At the CA, this one included. */
  readonly ordersPlaced: number
  /** When the CA was first asked to sign; null before. */
  readonly finalizeStartedAt: number | null
  readonly failures: number
  /** OV and EV: the organisation that stands in the certificate. */
  readonly subject: CaSubject | null
}

/** A confirmed revocation that the CA has not carried out yet. */
export interface WorkingRevocation {
  readonly id: string
  readonly reason: RevocationReason
  readonly failures: number
  readonly retryAt: number | null
}

/** What a managed certificate does by itself. */
export interface WorkingManagement extends ManagedFacts {
  readonly failures: number
  /** From here on nothing may wait any more, epoch milliseconds. */
  readonly hardFrom: number
  /** A reissue that the CA asks for before one is due. */
  readonly isEarly: boolean
  /** A renewal that somebody ordered and nobody paid stands in its way. */
  readonly unpaidRenewal: CertificateRecord['unpaidRenewal']
}

/** One certificate on its way. */
export interface Work {
  readonly certificateId: string
  readonly accountId: string
  readonly issuanceId: string | null
  readonly renewsCertificateId: string | null
  /** When the scan takes it for due; epoch milliseconds. */
  readonly advanceAt: number | null
  readonly probeFailures: number
  readonly application: WorkingApplication | null
  readonly renewal: { readonly id: string; readonly state: RenewalState } | null
  readonly revocation: WorkingRevocation | null
  readonly managed: WorkingManagement | null
  readonly facts: AdvanceFacts
}

function workQuery(db: Db | Trx) {
  return db
    .selectFrom('certificate')
    .leftJoin('application', (join) =>
      join
        .onRef('application.id', '=', 'certificate.application_id')
        .on('application.state', 'in', ['pendingValidation', 'inReview', 'reviewFailed']),
    )
    .leftJoin('issuer', 'issuer.id', 'application.issuer_id')
    .leftJoin('issuance', (join) =>
      join.onRef('issuance.id', '=', 'certificate.issuance_id').onRef('issuance.account_id', SAME, 'certificate.account_id'),
    )
    .leftJoin('review', (join) =>
      join.onRef('review.application_id', '=', 'application.id').onRef('review.account_id', SAME, 'application.account_id'),
    )
    .leftJoin('renewal', (join) =>
      join.onRef('renewal.new_certificate_id', '=', 'certificate.id').on('renewal.state', '<>', sql.lit('cancelled')),
    )
    .select([
      'certificate.id',
      'certificate.account_id',
      'certificate.issuance_id',
      'certificate.origin',
      'issuance.not_before',
      'certificate.renews_certificate_id',
      'certificate.closed_as',
      'certificate.revoked_at',
      'certificate.revocation_confirmed_at',
      'certificate.managed',
      'certificate.served_at',
      'certificate.probe_failures',
      'certificate.probe_due_at',
      'certificate.advance_at',
      'application.id as application_id',
      'application.version as application_version',
      'application.issuer_id',
      'issuer.kind as issuer_kind',
      'issuer.config_secret_id as issuer_secret_id',
      'application.state',
      'application.form',
      'application.identifiers',
      'application.method',
      'application.private_key_id',
      'application.csr',
      'application.spki_sha256',
      'application.reference',
      'application.first_attempt_at',
      'application.ca_order_ref',
      'application.orders_placed',
      'application.finalize_started_at',
      'application.proof_published_at',
      'application.answered_at',
      'application.failures',
      'application.retry_at',
      'application.applicant',
      'review.state as review_state',
      'review.certificate_type as reviewed_type',
      'renewal.id as renewal_id',
      'renewal.state as renewal_state',
    ])
    .select((builder) =>
      builder
        .selectFrom('endpoint')
        .whereRef('endpoint.certificate_id', '=', 'certificate.id')
        .select((count) => count.fn.countAll<number>().as('count'))
        .as('endpoint_count'),
    )
    .select((builder) =>
      builder
        .selectFrom('application as ended')
        .select((ended) => ended.fn.min('ended.txt_remove_at').as('at'))
        .whereRef('ended.certificate_id', '=', 'certificate.id')
        .where('ended.txt_remove_at', 'is not', null)
        .where('ended.state', 'in', ['withdrawn', 'reviewFailed', 'issued'])
        .as('txt_removal_at'),
    )
}

type Row = Awaited<ReturnType<ReturnType<typeof workQuery>['executeTakeFirstOrThrow']>>

const findWork = workedOut(['id'], (db, { id }) => workQuery(db).where('certificate.id', '=', id))

/** Null when the certificate is gone. */
export async function loadWork(services: Services, certificateId: string): Promise<Work | null> {
  const [row] = await findWork(services.db, { id: certificateId })
  if (row === undefined) return null
  const application = toApplication(row)
  const deployments = row.issuance_id === null ? [] : await loadDeployments(services, row.issuance_id, validFrom(row))
  const isRevoking = row.revocation_confirmed_at !== null && row.revoked_at === null
  const revocation = isRevoking ? await loadRevocation(services, certificateId) : null
  const isOver = row.closed_as !== null || row.revoked_at !== null
  // What a reviewer refused waits for a person; what a CA refused is sent again, later.
  const isWaiting = application === null || (application.state === 'reviewFailed' && row.review_state !== 'refused')
  const managed = row.managed && isWaiting && !isOver ? await loadManagedWork(services, row) : null
  return {
    certificateId,
    accountId: row.account_id,
    issuanceId: row.issuance_id,
    renewsCertificateId: row.renews_certificate_id,
    advanceAt: toMs(row.advance_at),
    probeFailures: row.probe_failures,
    application,
    renewal: toRenewal(row),
    revocation,
    managed,
    facts: {
      closed: isOver,
      application: application === null ? null : toApplicationFacts(application, row),
      issued: row.issuance_id !== null,
      deployments,
      endpointCount: Number(row.endpoint_count ?? 0),
      servedAt: toMs(row.served_at),
      probeDueAt: toMs(row.probe_due_at),
      renewal: row.renewal_state === null ? null : { state: row.renewal_state },
      managed,
      revocation,
      txtRemovalAt: toMs(row.txt_removal_at),
    },
  }
}

function toRenewal({ renewal_id: id, renewal_state: state }: Row): Work['renewal'] {
  return id === null || state === null ? null : { id, state }
}

function toApplicationFacts(application: WorkingApplication, row: Row): ApplicationFacts {
  return {
    state: application.state,
    hasCsr: application.csr !== null,
    orderRef: application.orderRef,
    proofPublishedAt: toMs(row.proof_published_at),
    answeredAt: toMs(row.answered_at),
    retryAt: toMs(row.retry_at),
    awaitsReview: row.review_state === 'waiting',
  }
}

function toApplication(row: Row): WorkingApplication | null {
  const { application_id: id, issuer_id: issuerId, issuer_kind: kind, issuer_secret_id: secretId } = row
  const { state, form, identifiers, method, reference } = row
  if (id === null || issuerId === null || kind === null || secretId === null || state === null || form === null) return null
  return {
    id,
    version: row.application_version ?? 1,
    issuerId,
    issuer: { kind, secretId },
    state,
    form,
    identifiers: identifiers ?? [],
    method: method ?? 'file',
    privateKeyId: row.private_key_id,
    csr: row.csr,
    spkiSha256: row.spki_sha256,
    reference: reference ?? id,
    firstAttemptAt: toMs(row.first_attempt_at),
    orderRef: row.ca_order_ref,
    ordersPlaced: row.orders_placed ?? 0,
    finalizeStartedAt: toMs(row.finalize_started_at),
    failures: row.failures ?? 0,
    subject: subjectOf(row.reviewed_type, row.applicant),
  }
}

/** @throws AppError `conflict`, stale, when there is none in progress any more */
export function applicationOf(work: Work): WorkingApplication {
  if (work.application === null)
    throw new AppError('conflict', `Advancing ${work.certificateId}: its application ended meanwhile.`, { stale: true })
  return work.application
}

/** A successor that has no certificate yet applies at once; an issued one keeps to its plan. */
async function loadManagedWork(services: Services, row: Row): Promise<WorkingManagement | null> {
  const management = await loadManagement(services.db, row.account_id, row.id)
  const record = await findCertificate(services.db, row.account_id, row.id)
  if (management === null || record === null) return null
  const { failures } = management
  const retryAt = management.retryAt ?? 0
  if (record.issuance === null)
    return { step: 'applyManaged', at: retryAt, hardFrom: record.createdAt, isEarly: false, failures, unpaidRenewal: null }
  const { unpaidRenewal } = record
  // Whoever ordered it has some time to pay; then a person is told that nobody renews it.
  const facts = unpaidRenewal === null ? record.facts : { ...record.facts, liveRenewal: null }
  const timing = { jitter: management.jitter, suggestedAt: record.management?.suggestion?.at ?? null }
  const plan = planManaged(facts, timing, services.now(), services.policy)
  if (plan === null) return null
  const { hardFrom, isEarly } = plan
  const notBefore = unpaidRenewal === null ? 0 : reconsiderAt(plan, unpaidRenewal.orderedAt)
  const step = plan.action === 'renew' ? 'renewManaged' : 'applyManaged'
  const at = Math.max(plan.at, retryAt, notBefore)
  return { step, at, askCaAt: await findAskCaAt(services, record), hardFrom, isEarly, failures, unpaidRenewal }
}

/** When the CA is asked for its window; null: not at all. */
async function findAskCaAt(services: Services, { accountId, issuance, facts, management }: CertificateRecord) {
  if (issuance === null || !(await canAskCa(services, { accountId, issuanceId: issuance.id }))) return null
  return whenToAsk(facts, management?.askCaAt ?? null, services.now())
}

async function loadRevocation(services: Services, certificateId: string): Promise<WorkingRevocation | null> {
  const row = await services.db
    .selectFrom('revocation')
    .select(['id', 'reason', 'failures', 'retry_at'])
    .where('certificate_id', '=', certificateId)
    .where('state', '=', 'confirmed')
    .executeTakeFirst()
  return row === undefined ? null : { id: row.id, reason: row.reason, failures: row.failures, retryAt: toMs(row.retry_at) }
}

/**
 * Before this nothing is installed: clients would refuse it. What a CA issued here is valid, however its clock differs from ours; what was uploaded
 * may begin on a later day.
 */
function validFrom({ origin, not_before: notBefore }: Row): number | null {
  return origin === 'uploaded' ? toMs(notBefore) : null
}

async function loadDeployments(
  services: Services,
  issuanceId: string,
  from: number | null,
): Promise<AdvanceFacts['deployments']> {
  const rows = await services.db
    .selectFrom('deployment')
    .innerJoin('target', 'target.id', 'deployment.target_id')
    .select([
      'deployment.id',
      'deployment.state',
      'deployment.retry_at',
      'deployment.check_at',
      'deployment.restore_reason',
      'deployment.check_until',
      'target.kind',
      'target.canary',
      'target.probe_host',
    ])
    .where('deployment.issuance_id', '=', issuanceId)
    .orderBy('deployment.id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    state: row.state,
    retryAt: notBefore(row.state, toMs(row.retry_at), from !== null && from > services.now() ? from : null),
    isCanary: row.canary,
    check: toCheck(services, row),
    isRestoring: row.restore_reason !== null,
  }))
}

/** A failed one that waits for a person goes on to do so. */
function notBefore(state: DeploymentState, retryAt: number | null, from: number | null): number | null {
  if (from === null || (state !== 'planned' && retryAt === null)) return retryAt
  return Math.max(retryAt ?? from, from)
}

/** How long after a reload a server may go on as before: its old workers end, its new ones begin. */
export const CHECK_WINDOW_SECONDS = 10

interface Watched {
  readonly kind: string
  readonly check_at: Date | null
  readonly check_until: Date | null
  readonly probe_host: string | null
}

function toCheck(
  { adapters }: Services,
  { kind, check_at: at, check_until: until, probe_host: host }: Watched,
): DeploymentCheck | null {
  if (at === null || until === null) return null
  const settle = adapters.deploy.find(({ id }) => id === kind)?.settleSeconds ?? CHECK_WINDOW_SECONDS
  const aloneUntil = until.getTime() - (settle - CHECK_WINDOW_SECONDS) * 1_000
  return { at: at.getTime(), isOwn: host !== null, aloneUntil, until: until.getTime() }
}

/** A conflict that makes the loop read the facts again: a certificate, its target or its endpoints changed meanwhile. */
export function changed(work: Work): AppError {
  return new AppError('conflict', `Installing ${work.certificateId}: what belongs where changed meanwhile: it is read again.`, {
    stale: true,
  })
}
