/**
 * The organisation of an OV or EV certificate, from who applied.
 *
 * @module
 */
import type { Company } from '@evercert/contract'
import type { CertificateType } from '../product/specification.ts'
import type { Applicant } from './applicant.ts'

/** As the certificate's subject shows it; the shape is the port's. */
export type OrganisationSubject = {
  readonly certificateType: 'OV' | 'EV'
  readonly organisation: string
  readonly country: string
  readonly region: string
  readonly city: string
  readonly registration: { readonly number: string; readonly businessCategory: string; readonly country: string } | null
}

/** Upper bounds of RFC 5280 appendix A.1, in characters. */
const MAX_ORGANISATION = 64
const MAX_SERIAL_NUMBER = 64

/** EVG 9.2.3: exactly these texts. */
const BUSINESS_CATEGORY: Readonly<Record<Company['type'], string>> = {
  enterprise: 'Private Organization',
  government: 'Government Entity',
  institution: 'Government Entity',
  nonProfit: 'Non-Commercial Entity',
  individualBusiness: 'Business Entity',
}

/** Null for DV, and for an application without company. A legal name that is too long for X.509 is cut. */
export function subjectOf(type: CertificateType | null, applicant: Applicant | null): OrganisationSubject | null {
  const company = applicant?.company ?? null
  if (company === null || type === null || type === 'DV') return null
  return {
    certificateType: type,
    organisation: cut(company.name, MAX_ORGANISATION),
    country: company.country,
    region: company.region,
    city: company.city,
    registration:
      type === 'EV'
        ? {
            number: cut(company.registrationNumber, MAX_SERIAL_NUMBER),
            businessCategory: BUSINESS_CATEGORY[company.type],
            country: company.country,
          }
        : null,
  }
}

function cut(text: string, most: number): string {
  return Array.from(text).slice(0, most).join('')
}
