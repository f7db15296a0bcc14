/**
 * Applications: the form that goes to the CA, prefilled from what was there before (DOMAIN §4).
 *
 * @module
 */
import { sql } from 'kysely'
import type { ApplicationView, ApplicationFormView, ProblemCode, ValidationView } from '@evercert/contract'
import { PROBLEM_TEXTS, PROBLEMS } from '@evercert/contract'
import { createCsr, parseCsr, PkiError, type CsrFacts } from '@evercert/pki'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import type { Db } from '../db/connect.ts'
import { recordHistory, transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import type { ApplicationState } from '../domain/application/application-machine.ts'
import { checkDomainsFit, parseDomainName } from '../domain/application/domain-names.ts'
import { prefillApplication, type ApplicationForm } from '../domain/application/prefill.ts'
import { decideRenewal } from '../domain/certificate/decide-renewal.ts'
import { deriveStatus, type CertificateStatus } from '../domain/certificate/derive-status.ts'
import { AppError } from '../domain/errors.ts'
import { findByName } from './certificate-rows.ts'
import type { Product } from './catalogue.ts'
import { loadProduct } from './catalogue.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'
import { wake } from './wake.ts'

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
] as const

/** The application in progress or the last one; before any, the prefilled form as a draft. @throws AppError `notFound` */
export async function loadApplicationView(services: Services, caller: Caller, certificateId: string): Promise<ApplicationView> {
  const row = await services.db
    .selectFrom('certificate')
    .innerJoin('application', (join) =>
      join
        .onRef('application.id', '=', 'certificate.application_id')
        .onRef('application.account_id', '=', 'certificate.account_id'),
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
    form: toFormView(row.form),
    prefilledFrom: null,
    validations: await loadValidations(services, caller, row.id),
    problem: toProblemView(row.failed_code, row.failed_detail),
    retryAt: row.retry_at?.toISOString() ?? null,
    submittedAt: row.submitted_at.toISOString(),
  }
}

async function draftView(services: Services, record: CertificateRecord): Promise<ApplicationView> {
  const old = record.renewsCertificateId === null ? null : await loadPrefillSource(services.db, record)
  const empty: ApplicationForm = {
    domains: [],
    validationMethod: 'file',
    dnsConnectionId: null,
    contact: null,
    key: 'p256',
    csrPem: null,
  }
  const form = old === null ? empty : prefillApplication(old)
  return {
    certificateId: record.id,
    id: null,
    state: 'draft',
    form: toFormView(form),
    prefilledFrom: old === null ? null : record.renewsCertificateId,
    validations: [],
    problem: null,
    retryAt: null,
    submittedAt: null,
  }
}

async function loadPrefillSource(db: Db, record: CertificateRecord) {
  const row = await db
    .selectFrom('certificate')
    .leftJoin('application', 'application.id', 'certificate.application_id')
    .leftJoin('issuance', 'issuance.id', 'certificate.issuance_id')
    .select(['application.form', 'issuance.names', 'issuance.common_name'])
    .where('certificate.account_id', '=', record.accountId)
    .where('certificate.id', '=', record.renewsCertificateId)
    .executeTakeFirst()
  return { lastApplication: row?.form ?? null, names: row?.names ?? [], commonName: row?.common_name ?? null }
}

function toFormView(form: ApplicationForm): ApplicationFormView {
  return { ...form, domains: [...form.domains], contact: form.contact === null ? null : { ...form.contact } }
}

async function loadValidations(services: Services, caller: Caller, applicationId: string): Promise<ValidationView[]> {
  const rows = await services.db
    .selectFrom('validation')
    .select(['identifier', 'method', 'location', 'content', 'state', 'problem', 'validated_at'])
    .where('account_id', '=', caller.accountId)
    .where('application_id', '=', applicationId)
    .orderBy('identifier')
    .execute()
  return rows.map((row) => ({
    domain: row.identifier,
    method: row.method,
    location: row.method === 'file' ? `http://${row.identifier}${row.location}` : row.location,
    content: row.content,
    state: row.state,
    problem: row.problem,
    validatedAt: row.validated_at?.toISOString() ?? null,
  }))
}

function isProblemCode(code: string): code is ProblemCode {
  return code in PROBLEMS
}

function toProblemView(code: string | null, detail: string | null): ApplicationView['problem'] {
  if (code === null || !isProblemCode(code)) return null
  return { code, detail: detail ?? PROBLEMS[code].title, remedy: PROBLEM_TEXTS[code].remedy }
}

/** What a submission needs, checked and ready to be stored. */
interface Submission {
  readonly record: CertificateRecord
  readonly product: Product
  readonly form: ApplicationForm
  readonly identifiers: readonly string[]
  readonly csr: CsrFacts | null
}

/**
 * Submits the application: it is stored with its first job, and goes to the CA from there. Submitting again after a refusal
 * replaces the refused one.
 *
 * @throws AppError `badDomain`, `badCsr`, `conflict` (not waiting for an application), `invalid`, `notFound`
 */
export async function submitApplication(
  services: Services,
  caller: Caller,
  certificateId: string,
  raw: ApplicationFormView,
): Promise<ApplicationView> {
  const record = await findCertificate(services.db, caller.accountId, certificateId)
  if (record === null) throw notFound('certificate', certificateId)
  const submission = await checkSubmission(services, record, raw)
  services.onStep('applications.submit', 'intended')
  await services.db.transaction().execute(async (trx) => {
    await storeSubmission(services, trx, caller, submission)
    services.onStep('applications.submit', 'done')
  })
  services.onStep('applications.submit', 'recorded')
  return loadApplicationView(services, caller, certificateId)
}

async function checkSubmission(services: Services, record: CertificateRecord, raw: ApplicationFormView): Promise<Submission> {
  const status = deriveStatus(record.facts, services.now(), services.policy)
  if (!isApplicationDue(services, record, status) || record.productId === null) {
    throw new AppError('conflict', `Applying for ${record.name}: its status is ${status}: an application is not due.`, {
      facts: { status },
    })
  }
  const product = await loadProduct(services.db, record.productId)
  if (product.specification.certificateType !== 'DV') {
    throw new AppError('invalid', `Applying for ${record.name}: only DV applications are accepted: choose a DV product.`)
  }
  checkDomainsFit(raw.domains, { domainType: product.specification.domainType, domainCount: record.domainCount ?? 1 })
  const domains = raw.domains.map((domain) => parseDomainName(domain))
  if (raw.validationMethod === 'file' && domains.some((domain) => domain.wildcard)) {
    throw new AppError('badDomain', `Applying for ${record.name}: a wildcard is never validated by file: choose DNS.`)
  }
  if (raw.validationMethod === 'dnsAutomatic') await checkDnsConnection(services, record, raw.dnsConnectionId)
  const identifiers = domains.map((domain) => domain.name)
  const csr = raw.csrPem === null ? null : await checkCsr(raw.csrPem, identifiers)
  return { record, product, form: { ...raw, domains: identifiers }, identifiers, csr }
}

/** Bought and not applied for, refused, or to be reissued at no charge within the period paid for (DOMAIN §3). */
function isApplicationDue(services: Services, record: CertificateRecord, status: CertificateStatus): boolean {
  if (status === 'pendingApplication' || status === 'reviewFailed') return true
  const { action } = decideRenewal(record.facts, services.now(), services.policy)
  return action === 'reissue' && !isInProgress(record.facts.application?.state ?? null)
}

function isInProgress(state: ApplicationState | null): boolean {
  return state === 'pendingValidation' || state === 'inReview'
}

async function checkDnsConnection(services: Services, record: CertificateRecord, id: string | null): Promise<void> {
  const found = await services.db
    .selectFrom('dns_connection')
    .select('id')
    .where('account_id', '=', record.accountId)
    .where('id', '=', id ?? '')
    .executeTakeFirst()
  if (found === undefined) {
    throw new AppError(
      'invalid',
      'Applying with automatic DNS: there is no such DNS connection: choose one of GET /api/v1/dns-connections.',
    )
  }
}

/** DOMAIN §4: the names of a pasted CSR are those of the application, its common name among them. */
async function checkCsr(pem: string, identifiers: readonly string[]): Promise<CsrFacts> {
  let csr: CsrFacts
  try {
    csr = await parseCsr(pem)
  } catch (cause) {
    if (cause instanceof PkiError) throw new AppError('badCsr', cause.message, { cause })
    throw cause
  }
  const names = new Set(csr.names.length === 0 && csr.commonName !== null ? [csr.commonName] : csr.names)
  const missing = identifiers.filter((identifier) => !names.has(identifier))
  const extra = [...names].filter((name) => !identifiers.includes(name))
  const { commonName } = csr
  if (commonName !== null && !identifiers.includes(commonName.toLowerCase())) {
    throw new AppError(
      'badCsr',
      `Reading the CSR: its common name ${commonName} is not among the domains: make one whose common name is, or that has none.`,
    )
  }
  if (missing.length === 0 && extra.length === 0) return csr
  throw new AppError(
    'badCsr',
    `Reading the CSR: it lacks ${missing.join(', ') || 'nothing'} and has ${extra.join(', ') || 'nothing'} too many: make one for exactly the domains.`,
  )
}

async function storeSubmission(services: Services, trx: Trx, caller: Caller, submission: Submission): Promise<void> {
  const { record, product, form, identifiers, csr } = submission
  const now = services.now()
  const facts = { accountId: caller.accountId, certificateId: record.id, actor: caller.actor, now }
  if (record.application !== null && record.facts.application?.state === 'reviewFailed') {
    await transition(trx, { ...facts, subject: 'application', id: record.application.id, from: 'reviewFailed', to: 'withdrawn' })
  }
  await refuseIfApplied(trx, record) // the application before its certificate: the order in which everybody locks them
  const id = newId(services, 'app')
  const result = await trx
    .insertInto('application')
    .values({
      id,
      account_id: caller.accountId,
      certificate_id: record.id,
      issuer_id: product.issuerId,
      state: 'pendingValidation',
      form: JSON.stringify(form),
      identifiers: [...identifiers],
      method: form.validationMethod === 'file' ? 'file' : 'dns',
      private_key_id: null,
      spki_sha256: csr?.spkiSha256 ?? null,
      csr: csr?.der ?? null,
      reference: id.replace('_', '-'),
      first_attempt_at: null,
      ca_order_ref: null,
      proof_published_at: null,
      answered_at: null,
      finalize_started_at: null,
      failed_code: null,
      failed_detail: null,
      retry_at: null,
      submitted_at: new Date(now),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (result.numInsertedOrUpdatedRows !== 1n) throw await conflictingApplication(trx, record, csr)
  await trx.updateTable('certificate').set({ application_id: id }).where('id', '=', record.id).execute()
  await nameAfterDomain(trx, record, identifiers[0] ?? record.name, facts)
  await recordHistory(trx, { ...facts, subject: 'application', subjectId: id, fromState: null, toState: 'pendingValidation' })
  await wake(services, trx, record.id)
}

/** Of two submissions at once the second finds the first one's application, also when that was issued meanwhile. */
async function refuseIfApplied(trx: Trx, record: CertificateRecord): Promise<void> {
  const { rows } = await sql<{ application_id: string | null; has_ended: boolean }>`select application_id,
      closed_as is not null or revoked_at is not null or revocation_requested_at is not null as has_ended from certificate
    where id = ${record.id} and account_id = ${record.accountId} for update`.execute(trx)
  if (rows[0]?.has_ended === true)
    throw new AppError('alreadyEnded', `Applying for ${record.name}: it was ended meanwhile: nothing is issued for it any more.`)
  if (rows[0]?.application_id === (record.application?.id ?? null)) return
  throw new AppError('conflict', `Applying for ${record.name}: another application was submitted meanwhile: look at that one.`)
}

async function conflictingApplication(trx: Trx, record: CertificateRecord, csr: CsrFacts | null): Promise<AppError> {
  const sameKey =
    csr === null
      ? undefined
      : await trx.selectFrom('application').select('id').where('spki_sha256', '=', csr.spkiSha256).executeTakeFirst()
  return sameKey === undefined
    ? new AppError('conflict', `Applying for ${record.name}: an application is in progress: withdraw it first.`)
    : new AppError('badCsr', 'Reading the CSR: its public key was used in another order: make a CSR with a new key.')
}

const MAX_NAME_LENGTH = 64

/** A certificate that was bought without a name takes its first domain, if that name is free. */
async function nameAfterDomain(trx: Trx, record: CertificateRecord, domain: string, facts: HistoryFacts): Promise<void> {
  if (record.name !== record.id || domain.length > MAX_NAME_LENGTH) return
  if ((await findByName(trx, record.accountId, domain)) !== null) return
  await trx.updateTable('certificate').set({ name: domain }).where('id', '=', record.id).execute()
  const entry = { ...facts, subject: 'certificate', subjectId: record.id, fromState: null }
  await recordHistory(trx, { ...entry, toState: 'renamed', detail: `${record.name} → ${domain}` })
}

/** Checks the validation now instead of at its next turn. @throws AppError `notFound` */
export async function checkApplication(services: Services, caller: Caller, certificateId: string): Promise<ApplicationView> {
  const view = await loadApplicationView(services, caller, certificateId)
  if (view.id === null) return view
  const applicationId = view.id
  await services.db.transaction().execute(async (trx) => {
    await trx
      .updateTable('application')
      .set({ retry_at: null })
      .where('id', '=', applicationId)
      .where('account_id', '=', caller.accountId)
      .where('state', '=', 'pendingValidation')
      .where('failed_code', '=', 'validationFailed') // a wait that the CA asked for is not ours to cut short
      .where('answered_at', 'is', null)
      .execute()
    await wake(services, trx, certificateId)
  })
  return view
}

/**
 * Takes an application back; the certificate waits for another, and TXT records of ours are removed.
 *
 * @throws AppError `conflict` when none is in progress, `issuanceUnderWay`, `notFound`
 */
export async function withdrawApplication(services: Services, caller: Caller, certificateId: string): Promise<ApplicationView> {
  const view = await loadApplicationView(services, caller, certificateId)
  if (view.id === null || view.state === 'draft') {
    throw new AppError('conflict', `Withdrawing the application of ${certificateId}: there is none.`)
  }
  const { id, state } = view
  await services.db.transaction().execute(async (trx) => {
    await transition(trx, {
      subject: 'application',
      id,
      from: state,
      to: 'withdrawn',
      accountId: caller.accountId,
      certificateId,
      actor: caller.actor,
      now: services.now(),
    })
    const row = await trx.selectFrom('application').select('finalize_started_at').where('id', '=', id).executeTakeFirstOrThrow()
    if (state === 'inReview' && row.finalize_started_at !== null) {
      throw new AppError(
        'issuanceUnderWay',
        `Withdrawing the application of ${certificateId}: the CA is issuing the certificate already: wait for it.`,
        { facts: { possible: ['wait'] } },
      )
    }
    await wake(services, trx, certificateId)
  })
  return loadApplicationView(services, caller, certificateId)
}

/** DER of a CSR for the application's own key. */
export function csrFor(key: Parameters<typeof createCsr>[0]['key'], identifiers: readonly string[]): Promise<Uint8Array> {
  const [first] = identifiers
  const commonName = first !== undefined && first.length <= MAX_NAME_LENGTH ? first : null // ub-common-name, RFC 5280 appendix A.1
  return createCsr({ key, names: identifiers, commonName })
}
