/**
 * Applications: the form that goes to the CA, prefilled from what was there before (DOMAIN §4).
 *
 * @module
 */
import { sql } from 'kysely'
import type { ApplicationView } from '@evercert/contract'
import { createCsr, type CsrFacts } from '@evercert/pki'
import { holdsPlace } from '../db/endpoint-siblings.ts'
import type { Db } from '../db/connect.ts'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import { requireTrue, violatedIndex } from '../db/later.ts'
import { isNotEnded } from '../db/not-ended.ts'
import { insertWithHistory, recordHistory, transition, type HistoryFacts, type Trx } from '../db/transition.ts'
import type { Applicant } from '../domain/applicant/applicant.ts'
import { siteKeyKind } from '../domain/endpoint/site-key-kind.ts'
import { AppError } from '../domain/errors.ts'
import { loadApplicationView } from './application-view.ts'
import { lockNames } from './certificate-rows.ts'
import { checkSubmission, type Submission, type SubmittedForm } from './check-submission.ts'
import { newId, notFound, personOf, type Caller, type Services } from './context.ts'
import { csrOfAnotherOrder } from './csr-advice.ts'
import { refuseNamesOfOthers } from './name-claims.ts'
import { findReusableReview, openReview } from './open-review.ts'
import { recordServerAnswers } from './server-answers.ts'
import { wake } from './wake.ts'

/**
 * Submits the application: it is stored with its first job, and goes to the CA from there. Submitting again after a refusal
 * replaces the refused one.
 *
 * @throws AppError `badDomain`, `badCsr`, `conflict` (not waiting for an application), `invalid`, `keyKindTaken`, `nameOfAnotherAccount`, `notFound`
 */
export async function submitApplication(
  services: Services,
  caller: Caller,
  certificateId: string,
  raw: SubmittedForm,
): Promise<ApplicationView> {
  const record = await findCertificate(services.db, caller.accountId, certificateId)
  if (record === null) throw notFound('certificate', certificateId)
  const submission = await checkSubmission(services, record, raw)
  await refuseNamesOfOthers(services.db, submission.identifiers, caller.accountId) // they are asked again before the CA signs
  await refuseTakenKind(services.db, submission) // who comes in between: see `moveSites`
  services.onStep('applications.submit', 'intended')
  await services.db.transaction().execute(async (trx) => {
    await storeSubmission(services, trx, caller, submission)
    services.onStep('applications.submit', 'done')
  })
  services.onStep('applications.submit', 'recorded')
  return loadApplicationView(services, caller, certificateId)
}

/** A certificate beside which another one has a site keeps its kind of key. */
async function refuseTakenKind(db: Db, { record, form, csr }: Submission): Promise<void> {
  const { rows } = await sql<{ site: string }>`select e.host || ':' || e.port as site from endpoint e
    where e.account_id = ${record.accountId} and e.certificate_id in (${record.id}, ${record.renewsCertificateId})
      and ${holdsPlace(siteKeyKind(csr?.algorithm ?? form.key))} limit 1`.execute(db)
  const [taken] = rows
  if (taken === undefined) return
  throw new AppError(
    'keyKindTaken',
    `Applying for ${record.name}: at ${taken.site} another certificate is served beside it, which has this kind of key: choose the other kind.`,
    { facts: { site: taken.site } },
  )
}

async function storeSubmission(services: Services, trx: Trx, caller: Caller, submission: Submission): Promise<void> {
  const { record, product, form, identifiers, csr, applicant } = submission
  const { certificateType } = product.specification
  const now = services.now()
  const facts = { accountId: caller.accountId, certificateId: record.id, actor: caller.actor, now }
  if (isUnnamed(record)) await lockNames(trx, record.accountId) // before any row: the order in which everybody locks them
  if (record.application !== null && record.facts.application?.state === 'reviewFailed') {
    await transition(trx, { ...facts, subject: 'application', id: record.application.id, from: 'reviewFailed', to: 'withdrawn' })
  }
  await requireAsRead(trx, record) // the application before its certificate: the order in which everybody locks them
  const id = newId(services, 'app')
  const isReviewed = certificateType !== 'DV'
  const reused = isReviewed ? await findReusableReview(services, trx, caller, { certificateType, applicant }) : null
  const state = isReviewed && reused === null ? 'inReview' : 'pendingValidation'
  await lockDocuments(trx, record.accountId, applicant)
  const privateKeyId = await lockCsr(trx, record.accountId, form.csrId)
  const reusesKey = csr !== null && (await findKeyHolder(trx, csr)) === record.id
  const insert = trx
    .insertInto('application')
    .values(toRow(caller, submission, { id, state, now, privateKeyId, reusesKey }))
    .returning('id')
  const entry = { ...facts, subject: 'application', subjectId: id, toState: state }
  await insertWithHistory(trx, insert, entry, (error) => toConflict(error, record))
  const name = await nameAfterDomain(trx, record, identifiers[0] ?? record.name, facts)
  await wake(services, trx, record.id, { application_id: id, ...(name !== null && { name }) })
  if (isReviewed)
    await openReview(services, trx, caller, { applicationId: id, certificateId: record.id, certificateType, applicant }, reused)
}

/** @param stored.now epoch milliseconds */
function toRow(
  caller: Caller,
  { record, product, form, identifiers, csr, applicant }: Submission,
  stored: {
    readonly id: string
    readonly state: 'inReview' | 'pendingValidation'
    readonly now: number
    readonly privateKeyId: string | null
    readonly reusesKey: boolean
  },
) {
  const { id, state, now, privateKeyId, reusesKey } = stored
  return {
    id,
    account_id: caller.accountId,
    certificate_id: record.id,
    issuer_id: product.issuerId,
    state,
    form: JSON.stringify(form),
    identifiers: [...identifiers],
    method: form.validationMethod === 'file' ? ('file' as const) : ('dns' as const),
    private_key_id: privateKeyId,
    spki_sha256: csr?.spkiSha256 ?? null,
    reuses_key: reusesKey,
    csr: csr?.der ?? null,
    csr_id: form.csrId,
    submitted_by: personOf(caller),
    submitted_by_name: caller.actor,
    applicant: JSON.stringify(applicant),
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
  }
}

/** A document that is being removed meanwhile: either that waits for this transaction, or this one finds it gone. */
async function lockDocuments(trx: Trx, accountId: string, { documents }: Applicant): Promise<void> {
  const wanted = Object.values(documents).filter((id) => id !== null)
  if (wanted.length === 0) return
  const { rows } = await sql<{ id: string }>`select id from company_document
    where account_id = ${accountId} and id = any(${wanted}) order by id for key share`.execute(trx)
  if (rows.length !== wanted.length) throw removedMeanwhile()
}

/** The same for a stored CSR, whose key may be added meanwhile. @returns the id of its private key, if that is here */
async function lockCsr(trx: Trx, accountId: string, csrId: string | null): Promise<string | null> {
  if (csrId === null) return null
  const { rows } = await sql<{ private_key_id: string | null }>`select private_key_id from csr
    where account_id = ${accountId} and id = ${csrId} for share`.execute(trx)
  const [row] = rows
  if (row === undefined) throw removedMeanwhile()
  return row.private_key_id
}

function removedMeanwhile(): AppError {
  return new AppError('conflict', 'Applying: a record that the form names was removed meanwhile: look at the form again.')
}

/**
 * Under its lock: it has not ended, and has the application that was read. Of two submissions at once the second finds the first one's, also when that
 * was issued meanwhile.
 */
async function requireAsRead(trx: Trx, { id, accountId, name, application }: CertificateRecord): Promise<void> {
  const isAsRead = sql<boolean>`(select count(*) = 1 from (select 1 from certificate
    where id = ${id} and account_id = ${accountId} and application_id is not distinct from ${application?.id ?? null}
      and ${isNotEnded('certificate')} for update) as locked)`
  await requireTrue(
    trx,
    isAsRead,
    () =>
      new AppError(
        'conflict',
        `Applying for ${name}: it ended, or another application was submitted meanwhile: look at it again.`,
      ),
  )
}

/** What another application at the same moment left to this one. */
function toConflict(error: unknown, { name }: CertificateRecord): unknown {
  const index = violatedIndex(error)
  if (index === null) return error
  if (index === 'application_public_key') return csrOfAnotherOrder()
  return new AppError('conflict', `Applying for ${name}: an application is in progress: withdraw it first.`)
}

/** Of all accounts: the certificate, and so the order, that the public key serves. The same condition as the index. */
async function findKeyHolder(trx: Trx, { spkiSha256 }: CsrFacts): Promise<string | null> {
  const row = await trx
    .selectFrom('application')
    .select('certificate_id')
    .where('spki_sha256', '=', spkiSha256)
    .where('reuses_key', '=', false)
    .where(sql<boolean>`(state <> 'withdrawn' or finalize_started_at is not null)`)
    .executeTakeFirst()
  return row?.certificate_id ?? null
}

const MAX_NAME_LENGTH = 64

const MAX_NAMESAKES = 9

function isUnnamed({ id, name }: CertificateRecord): boolean {
  return name === id
}

/**
 * A certificate that was bought without a name takes its first domain, numbered when others have that name: `shop.test (2)`.
 *
 * @returns what its row is to be given; null: it keeps its name
 */
async function nameAfterDomain(trx: Trx, record: CertificateRecord, domain: string, facts: HistoryFacts): Promise<string | null> {
  if (!isUnnamed(record)) return null
  const wished = Array.from({ length: MAX_NAMESAKES }, (_, index) => (index === 0 ? domain : `${domain} (${index + 1})`))
  const taken = await findNames(trx, record.accountId, [record.id, ...wished])
  if (!taken.has(record.id)) return null // it was given a name meanwhile
  const name = wished.find((each) => !taken.has(each) && each.length <= MAX_NAME_LENGTH)
  if (name === undefined) return null
  const entry = { ...facts, subject: 'certificate', subjectId: record.id, fromState: null }
  await recordHistory(trx, { ...entry, toState: 'renamed', detail: `${record.name} → ${name}` })
  return name
}

/** Which of the names certificates of the account have. Whoever calls has {@link lockNames}. */
async function findNames(trx: Trx, accountId: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await trx
    .selectFrom('certificate')
    .select('name')
    .where('account_id', '=', accountId)
    .where('name', 'in', names)
    .where('closed_as', 'is', null)
    .execute()
  return new Set(rows.map(({ name }) => name))
}

/**
 * Checks the validation now instead of at its next turn. For records that are put in place by hand, each authoritative server is asked
 * first, and the answers are in the view.
 *
 * @throws AppError `notFound`
 */
export async function checkApplication(services: Services, caller: Caller, certificateId: string): Promise<ApplicationView> {
  const view = await loadApplicationView(services, caller, certificateId)
  if (view.id === null) return view
  const applicationId = view.id
  if (view.state === 'pendingValidation') await recordServerAnswers(services, caller, applicationId)
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
  return loadApplicationView(services, caller, certificateId)
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
  if (state === 'withdrawn') {
    throw new AppError(
      'conflict',
      `Withdrawing the application of ${certificateId}: it is withdrawn already: submit it again to go on.`,
      { facts: { state, possible: ['submit'] } },
    )
  }
  await services.db.transaction().execute(async (trx) => {
    await refuseIfManaged(trx, caller, certificateId)
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

/** It would apply again by itself at once. */
async function refuseIfManaged(trx: Trx, caller: Caller, certificateId: string): Promise<void> {
  const row = await trx
    .selectFrom('certificate')
    .select('managed')
    .where('account_id', '=', caller.accountId)
    .where('id', '=', certificateId)
    .executeTakeFirst()
  if (row?.managed !== true) return
  throw new AppError(
    'managedCertificate',
    `Withdrawing the application of ${certificateId}: the certificate is managed and would apply again: stop managing it first.`,
    { facts: { possible: ['stopManaging'] } },
  )
}

/** DER of a CSR for the application's own key. */
export function csrFor(key: Parameters<typeof createCsr>[0]['key'], identifiers: readonly string[]): Promise<Uint8Array> {
  const [first] = identifiers
  const commonName = first !== undefined && first.length <= MAX_NAME_LENGTH ? first : null // ub-common-name, RFC 5280 appendix A.1
  return createCsr({ key, names: identifiers, commonName })
}
