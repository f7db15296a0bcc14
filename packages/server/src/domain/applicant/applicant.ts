/**
 * Who applies: what an application must hold for each certificate type (DOMAIN §4), and the copy of it that is sent.
 *
 * @module
 */
import type { Company, Contact, Location, Superior } from '@evercert/contract'
import { AppError } from '../errors.ts'
import type { CertificateType } from '../product/specification.ts'

/** As it was when the application was submitted: later changes of the records change nothing that was sent. */
export type Applicant = {
  readonly contact: Contact | null
  readonly location: Location | null
  readonly company: Company | null
  readonly superior: Superior | null
  /** The stored documents, by the id of their secret. */
  readonly documents: { readonly businessLicence: string | null; readonly bankPermit: string | null }
}

/** DV names a contact and a place where they are known: no CA that issues here needs them. */
const REQUIRED: Readonly<Record<CertificateType, readonly string[]>> = {
  DV: [],
  OV: ['contact', 'company', 'businessLicence'],
  EV: ['contact', 'company', 'businessLicence', 'superior', 'bankPermit'],
}

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  contact: 'a contact (contactId, or contact in the form)',
  company: 'a company (companyId)',
  businessLicence: "the company's business licence, as PNG or JPEG",
  superior: "the applicant's superior (superior)",
  bankPermit: "the company's bank permit, as PNG or JPEG",
}

/** @throws AppError `applicantIncomplete` naming all that is missing */
export function checkApplicant(type: CertificateType, applicant: Applicant): void {
  const present: Readonly<Record<string, unknown>> = { ...applicant, ...applicant.documents }
  const missing = REQUIRED[type].filter((name) => present[name] === null)
  if (missing.length === 0) return
  const wanted = missing.map((name) => WHAT_TO_DO[name] ?? name).join('; ')
  throw new AppError('applicantIncomplete', `Applying for ${type}: the application lacks ${wanted}: add it and submit again.`, {
    facts: { missing },
  })
}

/** Whether two applications are by the same organisation, down to its documents: what a review of one says of the other. */
export function isSameOrganisation(one: Applicant, other: Applicant): boolean {
  return JSON.stringify(identityOf(one)) === JSON.stringify(identityOf(other))
}

function identityOf({ company, contact, superior, documents }: Applicant): unknown {
  if (company === null) return null
  const { name, type, phone, registrationNumber, country, region, city, address, postalCode } = company
  return [
    [name, type, phone, registrationNumber, country, region, city, address, postalCode],
    contact === null ? null : [contact.name, contact.email, contact.phone],
    superior === null ? null : [superior.name, superior.title, superior.email, superior.phone],
    [documents.businessLicence, documents.bankPermit],
  ]
}
