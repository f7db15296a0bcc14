/**
 * Who applies: contacts, companies and their documents as zod schemas (DOMAIN §4).
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'

const phone = line(32).min(3)
const email = z.email().max(254)
/** ISO 3166-1 alpha-2. */
const country = z.string().regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters')

export const contact = z.strictObject({ name: line(128), email, phone })
export type Contact = z.infer<typeof contact>

export const location = z.strictObject({ country, region: line(128), city: line(128) })
export type Location = z.infer<typeof location>

export const companyType = z.enum(['enterprise', 'government', 'institution', 'nonProfit', 'individualBusiness'])

export const company = z.strictObject({
  name: line(128).meta({ description: 'The full legal name' }),
  type: companyType,
  phone,
  registrationNumber: line(64),
  country,
  region: line(128).meta({ description: 'Province or state' }),
  city: line(128),
  address: line(256),
  postalCode: line(16),
})
export type Company = z.infer<typeof company>

/** Who confirms for an EV application that it is meant. */
export const superior = z.strictObject({ name: line(128), title: line(128), phone, email })
export type Superior = z.infer<typeof superior>

export const documentKind = z.enum(['businessLicence', 'bankPermit'])
export type DocumentKind = z.infer<typeof documentKind>

const storedDocument = z.object({
  kind: documentKind,
  contentType: z.enum(['image/png', 'image/jpeg']),
  bytes: z.int(),
  width: z.int(),
  height: z.int(),
})

export const documentView = storedDocument.extend({ id: z.string() })
export type DocumentView = z.infer<typeof documentView>

export const documentContent = storedDocument.extend({ contentBase64: z.string() })
export type DocumentContent = z.infer<typeof documentContent>

/** The copy that was sent with an application. Masked for whoever may not write. */
export const applicantView = z.object({
  contact: z.object({ name: z.string(), email: z.string(), phone: z.string() }).nullable(),
  location: location.nullable(),
  company: z
    .object({
      name: z.string(),
      type: companyType,
      phone: z.string(),
      registrationNumber: z.string(),
      country: z.string(),
      region: z.string(),
      city: z.string(),
      address: z.string(),
      postalCode: z.string(),
    })
    .nullable(),
  superior: z.object({ name: z.string(), title: z.string(), phone: z.string(), email: z.string() }).nullable(),
  documents: z.array(documentKind),
})
export type ApplicantView = z.infer<typeof applicantView>
