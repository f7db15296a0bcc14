/**
 * Contacts and companies: records that fill applications. Lists are masked; the whole record is for whoever may write.
 *
 * @module
 */
import { z } from 'zod'
import { company, companyType, contact, documentContent, documentKind, documentView } from './applicant-views.ts'
import { access, byId, read, remove, write } from './operation.ts'
import { id, instant, page } from './views.ts'

export const contactView = contact.extend({ id, createdAt: instant, updatedAt: instant })
export type ContactView = z.infer<typeof contactView>

export const contactListItem = z.object({
  id,
  name: z.string(),
  email: z.string().meta({ description: 'Masked' }),
  phone: z.string().meta({ description: 'Masked' }),
})
export type ContactListItem = z.infer<typeof contactListItem>

const CONTACTS = 'Contacts and companies'

export const contacts = {
  list: read('/contacts', CONTACTS, 'List contacts, masked', 'certificates:read').output(page(contactListItem)),
  get: access('/contacts/{id}', CONTACTS, 'One contact in full', 'certificates:write').input(byId).output(contactView),
  create: write('/contacts', CONTACTS, 'Add a contact', 'certificates:write', { created: true })
    .input(contact)
    .output(contactView),
  update: write('/contacts/{id}', CONTACTS, 'Change a contact; what was sent before stays', 'certificates:write')
    .input(contact.extend({ id }))
    .output(contactView),
  remove: remove('/contacts/{id}', CONTACTS, 'Forget a contact; what was sent before stays', 'certificates:write')
    .input(byId)
    .output(byId),
}

export const companyView = company.extend({ id, documents: z.array(documentView), createdAt: instant, updatedAt: instant })
export type CompanyView = z.infer<typeof companyView>

export const companyListItem = z.object({
  id,
  name: z.string(),
  type: companyType,
  phone: z.string().meta({ description: 'Masked' }),
  registrationNumber: z.string().meta({ description: 'Masked' }),
  documents: z.array(documentKind),
})
export type CompanyListItem = z.infer<typeof companyListItem>

const ofKind = z.strictObject({ id, kind: documentKind.default('businessLicence') })
const COMPANY = '/companies/{id}'

export const companies = {
  list: read('/companies', CONTACTS, 'List companies, masked', 'certificates:read').output(page(companyListItem)),
  get: access(COMPANY, CONTACTS, 'One company in full', 'certificates:write').input(byId).output(companyView),
  create: write('/companies', CONTACTS, 'Add a company', 'certificates:write', { created: true })
    .input(company)
    .output(companyView),
  update: write(COMPANY, CONTACTS, 'Change a company; what was sent before stays', 'certificates:write')
    .input(company.extend({ id }))
    .output(companyView),
  remove: remove(COMPANY, CONTACTS, 'Forget a company; what was sent before stays', 'certificates:write')
    .input(byId)
    .output(byId),
  putDocument: write(`${COMPANY}/documents`, CONTACTS, 'Store a document, encrypted, in place of the last', 'certificates:write')
    .input(
      ofKind.extend({
        contentBase64: z.base64().max(700_000).meta({ description: 'PNG or JPEG of at most 500 KB, told by its content' }),
      }),
    )
    .output(companyView),
  getDocument: access(`${COMPANY}/documents`, CONTACTS, 'A stored document', 'certificates:write')
    .input(ofKind)
    .output(documentContent),
  removeDocument: remove(`${COMPANY}/documents`, CONTACTS, 'Forget a document; what was sent before stays', 'certificates:write')
    .input(ofKind)
    .output(companyView),
}
