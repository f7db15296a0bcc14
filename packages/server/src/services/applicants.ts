/**
 * Who applies, copied from the records that the form names.
 *
 * @module
 */
import type { ApplicantView, Contact } from '@evercert/contract'
import type { Applicant } from '../domain/applicant/applicant.ts'
import { maskEmail, maskPhone, maskRegistrationNumber } from '../domain/applicant/masking.ts'
import type { ApplicationForm } from '../domain/application/prefill.ts'
import { AppError } from '../domain/errors.ts'
import { findCompany } from './companies.ts'
import { listDocuments } from './company-documents.ts'
import { findContact } from './contacts.ts'
import type { Services } from './context.ts'

/** @throws AppError `invalid` for a record that the account does not have, or a contact given twice */
export async function resolveApplicant(services: Services, accountId: string, form: ApplicationForm): Promise<Applicant> {
  const { companyId } = form
  const company = companyId === null ? null : await findCompany(services.db, accountId, companyId)
  if (companyId !== null && company === null) throw unknown('company', 'companies')
  const documents = companyId === null ? [] : await listDocuments(services.db, accountId, companyId)
  const documentOf = (kind: string): string | null => documents.find((document) => document.kind === kind)?.id ?? null
  return {
    contact: await resolveContact(services, accountId, form),
    location: form.location,
    company,
    superior: form.superior,
    documents: { businessLicence: documentOf('businessLicence'), bankPermit: documentOf('bankPermit') },
  }
}

async function resolveContact(
  { db }: Services,
  accountId: string,
  { contact, contactId }: ApplicationForm,
): Promise<Contact | null> {
  if (contactId === null) return contact
  if (contact !== null) throw new AppError('invalid', 'Applying: the form has a contact and a contactId: give one of them.')
  const found = await findContact(db, accountId, contactId)
  if (found === null) throw unknown('contact', 'contacts')
  return found
}

function unknown(what: string, path: string): AppError {
  return new AppError('invalid', `Applying: the form names a ${what} that is not there: choose one of GET /api/v1/${path}.`)
}

/** Records that are gone by now do not stand in a form that is to be sent again: their copy does, where it can. */
export async function withoutLostRecords(
  services: Services,
  accountId: string,
  form: ApplicationForm,
  sent: Applicant | null,
): Promise<ApplicationForm> {
  const hasContact = form.contactId !== null && (await findContact(services.db, accountId, form.contactId)) !== null
  const hasCompany = form.companyId !== null && (await findCompany(services.db, accountId, form.companyId)) !== null
  return {
    ...form,
    ...(form.contactId !== null && !hasContact && { contactId: null, contact: sent?.contact ?? null }),
    ...(form.companyId !== null && !hasCompany && { companyId: null }),
  }
}

/** @param inFull for whoever may write or review; others see it masked */
export function toApplicantView(applicant: Applicant, inFull: boolean): ApplicantView {
  const { contact, location, company, superior, documents } = applicant
  const mask = <Person extends { readonly email: string; readonly phone: string }>(person: Person): Person =>
    inFull ? person : { ...person, email: maskEmail(person.email), phone: maskPhone(person.phone) }
  return {
    contact: contact === null ? null : mask(contact),
    location,
    company:
      company === null || inFull
        ? company
        : {
            ...company,
            phone: maskPhone(company.phone),
            registrationNumber: maskRegistrationNumber(company.registrationNumber),
          },
    superior: superior === null ? null : mask(superior),
    documents: [
      ...(documents.businessLicence === null ? [] : ['businessLicence' as const]),
      ...(documents.bankPermit === null ? [] : ['bankPermit' as const]),
    ],
  }
}
