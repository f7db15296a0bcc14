/**
 * What a submitted form must be before it is stored (DOMAIN §4).
 *
 * @module
 */
import type { ApplicationFormView } from '@evercert/contract'
import type { CsrFacts } from '@evercert/pki'
import type { CertificateRecord } from '../db/certificates.ts'
import { checkApplicant, type Applicant } from '../domain/applicant/applicant.ts'
import { checkDomainsFit, parseDomainName } from '../domain/application/domain-names.ts'
import type { ApplicationForm } from '../domain/application/prefill.ts'
import { decideRenewal, mayReissue } from '../domain/certificate/decide-renewal.ts'
import { deriveStatus, type CertificateStatus } from '../domain/certificate/derive-status.ts'
import { AppError } from '../domain/errors.ts'
import { checkHostKey } from './agents/host-keys.ts'
import { resolveApplicant } from './applicants.ts'
import { loadProduct, requireReviewingIssuer, type Product } from './catalogue.ts'
import type { Services } from './context.ts'
import { csrOfOtherCommonName, csrOfOtherNames } from './csr-advice.ts'
import { findStoredCsr, readCsr } from './csrs.ts'

/** A reissue that is not due is asked for by name, so that a form that is sent twice issues once. */
export type SubmittedForm = ApplicationFormView & { readonly reissue?: boolean | undefined }

/** What a submission needs, checked and ready to be stored. */
export interface Submission {
  readonly record: CertificateRecord
  readonly product: Product
  readonly form: ApplicationForm
  readonly identifiers: readonly string[]
  /** Pasted or stored; null when the service makes one. */
  readonly csr: CsrFacts | null
  /** Copied from the records: what is sent. */
  readonly applicant: Applicant
}

/** @throws AppError `badDomain`, `badCsr`, `conflict` (not waiting for an application), `applicantIncomplete`, `reviewUnsupported`, `invalid` */
export async function checkSubmission(
  services: Services,
  record: CertificateRecord,
  { reissue = false, ...raw }: SubmittedForm,
): Promise<Submission> {
  const status = deriveStatus(record.facts, services.now(), services.policy)
  const isWanted = isApplicationDue(services, record, status) || (reissue && mayReissueNow(services, record))
  if (!isWanted || record.productId === null) throw notDue(services, record, status)
  const product = await loadProduct(services.db, record.productId)
  const { certificateType } = product.specification
  if (certificateType !== 'DV') await requireReviewingIssuer(services, product.issuerId, certificateType)
  checkDomainsFit(raw.domains, { domainType: product.specification.domainType, domainCount: record.domainCount ?? 1 })
  const domains = raw.domains.map((domain) => parseDomainName(domain))
  if (raw.validationMethod === 'file' && domains.some((domain) => domain.wildcard)) {
    throw new AppError('badDomain', `Applying for ${record.name}: a wildcard is never validated by file: choose DNS.`)
  }
  if (raw.validationMethod === 'dnsAutomatic') await checkDnsConnection(services, record, raw.dnsConnectionId)
  const identifiers = domains.map((domain) => domain.name)
  if (raw.hostKey !== null) await checkHostKey(services, record.accountId, raw.hostKey)
  const csr = await readGivenCsr(services, record.accountId, raw)
  if (csr !== null) checkCsrNames(csr, identifiers)
  const form = { ...raw, domains: identifiers }
  const applicant = await resolveApplicant(services, record.accountId, form)
  checkApplicant(certificateType, applicant)
  return { record, product, form, identifiers, csr, applicant }
}

function notDue(services: Services, record: CertificateRecord, status: CertificateStatus): AppError {
  const [why, ...possible] = isInProgress(record)
    ? (['an application is in progress: withdraw it first', 'withdraw'] as const)
    : mayReissueNow(services, record)
      ? ([
          `its status is ${status}, nothing is due: ask for a reissue (reissue: true) if it is to be issued again at no charge`,
          'reissue',
        ] as const)
      : ([`its status is ${status}: an application is not due`] as const)
  return new AppError('conflict', `Applying for ${record.name}: ${why}.`, { facts: { status, possible } })
}

function mayReissueNow({ now }: Services, record: CertificateRecord): boolean {
  return mayReissue(record.facts, now()) && !isInProgress(record)
}

/** Bought and not applied for, refused, or to be reissued at no charge within the period paid for (DOMAIN §3). */
function isApplicationDue(services: Services, record: CertificateRecord, status: CertificateStatus): boolean {
  if (status === 'pendingApplication' || status === 'reviewFailed') return true
  const { action } = decideRenewal(record.facts, services.now(), services.policy)
  return action === 'reissue' && !isInProgress(record)
}

function isInProgress({ facts }: CertificateRecord): boolean {
  const state = facts.application?.state ?? null
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

async function readGivenCsr(
  services: Services,
  accountId: string,
  { csrPem, csrId, hostKey }: Pick<ApplicationFormView, 'csrPem' | 'csrId' | 'hostKey'>,
): Promise<CsrFacts | null> {
  if (hostKey !== null && (csrPem !== null || csrId !== null))
    throw new AppError('invalid', 'Applying: the form has a CSR, and asks an agent to make one: choose one of them.')
  if (csrPem !== null && csrId !== null)
    throw new AppError('invalid', 'Applying: the form has a pasted CSR and a stored one: give one of them.')
  if (csrPem !== null) return readCsr(csrPem)
  return csrId === null ? null : readCsr(await findStoredCsr(services.db, accountId, csrId))
}

/** DOMAIN §4: the names of a CSR are those of the application, its common name among them. */
export function checkCsrNames(csr: CsrFacts, identifiers: readonly string[]): void {
  const names = new Set(csr.names.length === 0 && csr.commonName !== null ? [csr.commonName] : csr.names)
  const missing = identifiers.filter((identifier) => !names.has(identifier))
  const extra = [...names].filter((name) => !identifiers.includes(name))
  const { commonName } = csr
  if (commonName !== null && !identifiers.includes(commonName.toLowerCase())) {
    throw csrOfOtherCommonName(commonName)
  }
  if (missing.length === 0 && extra.length === 0) return
  throw csrOfOtherNames(missing, extra)
}
