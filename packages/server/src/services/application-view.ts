/**
 * Applications as the API shows them: the one in progress, or the form prefilled from what was there before (DOMAIN §3.8).
 *
 * @module
 */
import type { ApplicationFormView, ApplicationView, ValidationView } from '@evercert/contract'
import { isProblemCode, PROBLEM_TEXTS, PROBLEMS } from '@evercert/contract'
import { parseChain } from '@evercert/pki'
import type { SiteKeyKind } from '@evercert/pki/probe'
import { sql } from 'kysely'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import type { Db } from '../db/connect.ts'
import { holdsPlace } from '../db/endpoint-siblings.ts'
import { SAME } from '../db/same-account.ts'
import {
  EMPTY_FORM,
  prefillApplication,
  withAutomaticMethod,
  withFreshKey,
  withKeyKind,
  type ApplicationForm,
  type AutomaticWays,
} from '../domain/application/prefill.ts'
import type { ReviewState } from '../domain/review/review-machine.ts'
import { findHostKey } from './agents/host-keys.ts'
import { toApplicantView, withoutLostRecords } from './applicants.ts'
import { findCompanyNamed } from './companies.ts'
import { notFound, type Caller, type Services } from './context.ts'
import { findCoveringConnections } from './dns-connections.ts'
import { estimateOf } from './estimates.ts'

const COLUMNS = [
  'application.id',
  'application.state',
  'application.form',
  'application.identifiers',
  'application.method',
  'application.failed_code',
  'application.failed_detail',
  'application.retry_at',
  'application.submitted_at',
  'application.applicant',
  'review.id as review_id',
  'review.state as review_state',
  'review.reason as review_reason',
  'review.decided_at as review_decided_at',
  'review.reviewed_at as review_reviewed_at',
  'order.certificate_type',
] as const

/** The application in progress or the last one; before any, the prefilled form as a draft. @throws AppError `notFound` */
export async function loadApplicationView(services: Services, caller: Caller, certificateId: string): Promise<ApplicationView> {
  const row = await services.db
    .selectFrom('certificate')
    .innerJoin('application', (join) =>
      join
        .onRef('application.id', '=', 'certificate.application_id')
        .onRef('application.account_id', SAME, 'certificate.account_id'),
    )
    .leftJoin('review', (join) =>
      join.onRef('review.application_id', '=', 'application.id').onRef('review.account_id', SAME, 'application.account_id'),
    )
    .leftJoin('order', (join) =>
      join.onRef('order.id', '=', 'certificate.order_id').onRef('order.account_id', SAME, 'certificate.account_id'),
    )
    .select(COLUMNS)
    .where('certificate.account_id', '=', caller.accountId)
    .where('certificate.id', '=', certificateId)
    .executeTakeFirst()
  if (row === undefined) {
    const record = await findCertificate(services.db, caller.accountId, certificateId)
    if (record === null) throw notFound('certificate', certificateId)
    return draftView(services, record)
  }
  return {
    certificateId,
    id: row.id,
    state: row.state,
    form: row.state === 'issued' ? await toIssuedForm(services, caller, { certificateId, form: row.form }) : toFormView(row.form),
    prefilledFrom: null,
    applicant: row.applicant === null ? null : toApplicantView(row.applicant, caller.scopes.has('certificates:write')),
    review: toReviewView(row),
    estimate: estimateOf(services, row.certificate_type, { state: row.state, submittedAt: row.submitted_at.getTime() }),
    validations: await loadValidations(services, caller, row.id),
    ...(row.state === 'withdrawn' // what it waited for is over
      ? { problem: null, retryAt: null }
      : { problem: toProblemView(row.failed_code, row.failed_detail), retryAt: row.retry_at?.toISOString() ?? null }),
    submittedAt: row.submitted_at.toISOString(),
  }
}

function toReviewView(row: {
  readonly review_id: string | null
  readonly review_state: ReviewState | null
  readonly review_reason: string | null
  readonly review_decided_at: Date | null
  readonly review_reviewed_at: Date | null
}): ApplicationView['review'] {
  if (row.review_id === null || row.review_state === null) return null
  return {
    id: row.review_id,
    state: row.review_state,
    reason: row.review_reason,
    decidedAt: row.review_decided_at?.toISOString() ?? null,
    reviewedAt: row.review_reviewed_at?.toISOString() ?? null,
  }
}

/** What is sent to have it issued again, at no charge or as a renewal: the last form with a fresh key. @throws AppError `notFound` */
export async function loadNextForm(services: Services, caller: Caller, certificateId: string): Promise<ApplicationFormView> {
  const { form } = await loadApplicationView(services, caller, certificateId)
  return withFreshKey(form, await findHostKey(services.db, caller.accountId, form.csrId))
}

/** The kind of key that the certificate is to keep, since it shares a site with one that has the other kind; also with one that was revoked, which has its place still. */
async function findOwnKind(db: Db, accountId: string, certificateId: string): Promise<SiteKeyKind | null> {
  const { rows } = await sql<{ kind: SiteKeyKind | null }>`
    select case when ${holdsPlace('ecdsa')} then 'rsa' when ${holdsPlace('rsa')} then 'ecdsa' end as kind from endpoint e
    where e.account_id = ${accountId} and e.certificate_id = ${certificateId} order by 1 nulls last limit 1`.execute(db)
  return rows[0]?.kind ?? null
}

async function draftView(services: Services, record: CertificateRecord): Promise<ApplicationView> {
  const old = record.renewsCertificateId === null ? null : await loadPrefillSource(services.db, record)
  const prefilled = old === null ? EMPTY_FORM : await prefill(services, record, old)
  const form = await withoutLostRecords(services, record.accountId, prefilled, old?.applicant ?? null)
  return {
    certificateId: record.id,
    id: null,
    state: 'draft',
    form: toFormView(form),
    prefilledFrom: old === null ? null : record.renewsCertificateId,
    applicant: null,
    review: null,
    estimate: null,
    validations: [],
    problem: null,
    retryAt: null,
    submittedAt: null,
  }
}

/** How an upload was validated is not known: what works by itself is chosen for it. Its organisation is the company, where that is known. */
async function prefill(
  services: Services,
  { accountId, specification, renewsCertificateId }: CertificateRecord,
  old: Awaited<ReturnType<typeof loadPrefillSource>>,
): Promise<ApplicationForm> {
  const ownKind = await findOwnKind(services.db, accountId, renewsCertificateId ?? '')
  const form = withKeyKind(prefillApplication(old, specification?.domainType ?? null), ownKind)
  if (old.lastApplication !== null) return form
  const automatic = withAutomaticMethod(form, await loadWays(services, accountId, form.domains))
  if (specification?.certificateType === 'DV') return automatic
  const companyId = old.organization === null ? null : await findCompanyNamed(services.db, accountId, old.organization)
  return { ...automatic, location: null, companyId }
}

async function loadWays(services: Services, accountId: string, domains: readonly string[]): Promise<AutomaticWays> {
  const others = await services.db.selectFrom('account').select('id').where('id', '!=', accountId).limit(1).execute()
  return {
    dnsConnectionIds: await findCoveringConnections(services, accountId, domains),
    // With several accounts the listener's plain path answers for nobody's names that are not claimed yet.
    answersFiles: services.answersFiles && others.length === 0,
  }
}

async function loadPrefillSource(db: Db, record: CertificateRecord) {
  const row = await db
    .selectFrom('certificate')
    .leftJoin('application', 'application.id', 'certificate.application_id')
    .leftJoin('issuance', 'issuance.id', 'certificate.issuance_id')
    .select(['application.form', 'application.applicant', 'issuance.names', 'issuance.common_name', 'issuance.chain_pem'])
    .where('certificate.account_id', '=', record.accountId)
    .where('certificate.id', '=', record.renewsCertificateId)
    .executeTakeFirst()
  return {
    lastApplication: row?.form ?? null,
    hostKey: await findHostKey(db, record.accountId, row?.form?.csrId ?? null),
    applicant: row?.applicant ?? null,
    names: row?.names ?? [],
    commonName: row?.common_name ?? null,
    ...subjectOf(row?.chain_pem ?? ''),
  }
}

function subjectOf(chainPem: string): { readonly organization: string | null; readonly subject?: string } {
  const [leaf] = chainPem === '' ? [] : parseChain(chainPem)
  return leaf === undefined ? { organization: null } : { organization: leaf.organization, subject: leaf.subject }
}

function toFormView(form: ApplicationForm): ApplicationFormView {
  return { ...EMPTY_FORM, ...form, domains: [...form.domains] }
}

/** As it is sent to have it issued again: its CSR is used up, and what was made on a host is made there again. */
async function toIssuedForm(
  { db }: Services,
  { accountId }: Caller,
  { certificateId, form }: { readonly certificateId: string; readonly form: ApplicationForm },
): Promise<ApplicationFormView> {
  const fresh = withFreshKey(form, await findHostKey(db, accountId, form.csrId ?? null))
  return toFormView(withKeyKind(fresh, await findOwnKind(db, accountId, certificateId)))
}

async function loadValidations(services: Services, caller: Caller, applicationId: string): Promise<ValidationView[]> {
  const rows = await services.db
    .selectFrom('validation')
    .select(['identifier', 'method', 'location', 'content', 'state', 'problem', 'validated_at', 'reused'])
    .select(['servers', 'servers_asked_at'])
    .where('account_id', '=', caller.accountId)
    .where('application_id', '=', applicationId)
    .orderBy('identifier')
    .execute()
  return rows.map((row) => ({
    domain: row.identifier,
    method: row.method,
    location: row.method === 'file' ? `http://${row.identifier}${row.location}` : row.location,
    forwardTo: row.method === 'file' ? `${services.publicUrl ?? ''}/${caller.accountId}/.well-known/` : null,
    content: row.content,
    state: row.state,
    problem: row.problem,
    validatedAt: row.validated_at?.toISOString() ?? null,
    reused: row.reused,
    servers: (row.servers ?? []).map((server) => ({ ...server, values: [...server.values] })),
    serversAskedAt: row.servers_asked_at?.toISOString() ?? null,
  }))
}

function toProblemView(code: string | null, detail: string | null): ApplicationView['problem'] {
  if (code === null || !isProblemCode(code)) return null
  return { code, detail: detail ?? PROBLEMS[code].title, ...PROBLEM_TEXTS[code] }
}
