/**
 * Contacts and companies: each operation one line to its service.
 *
 * @module
 */
import { createCompany, listCompanies, loadCompany, removeCompany, updateCompany } from '../../services/companies.ts'
import { loadDocument, putDocument, removeDocument } from '../../services/company-documents.ts'
import { createContact, listContacts, loadContact, removeContact, updateContact } from '../../services/contacts.ts'
import { onePage, operations } from './operation.ts'

export const contacts = {
  list: operations.contacts.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listContacts(services, caller)),
  ),
  get: operations.contacts.get.handler(({ context: { services, caller }, input }) => loadContact(services, caller, input.id)),
  create: operations.contacts.create.handler(({ context: { services, caller }, input }) =>
    createContact(services, caller, input),
  ),
  update: operations.contacts.update.handler(({ context: { services, caller }, input: { id, ...contact } }) =>
    updateContact(services, caller, id, contact),
  ),
  remove: operations.contacts.remove.handler(({ context: { services, caller }, input }) =>
    removeContact(services, caller, input.id),
  ),
}

export const companies = {
  list: operations.companies.list.handler(async ({ context: { services, caller } }) =>
    onePage(await listCompanies(services, caller)),
  ),
  get: operations.companies.get.handler(({ context: { services, caller }, input }) => loadCompany(services, caller, input.id)),
  create: operations.companies.create.handler(({ context: { services, caller }, input }) =>
    createCompany(services, caller, input),
  ),
  update: operations.companies.update.handler(({ context: { services, caller }, input: { id, ...company } }) =>
    updateCompany(services, caller, id, company),
  ),
  remove: operations.companies.remove.handler(({ context: { services, caller }, input }) =>
    removeCompany(services, caller, input.id),
  ),
  putDocument: operations.companies.putDocument.handler(async ({ context: { services, caller }, input }) => {
    await putDocument(services, caller, { companyId: input.id, kind: input.kind, contentBase64: input.contentBase64 })
    return loadCompany(services, caller, input.id)
  }),
  getDocument: operations.companies.getDocument.handler(({ context: { services, caller }, input }) =>
    loadDocument(services, caller, input.id, input.kind),
  ),
  removeDocument: operations.companies.removeDocument.handler(async ({ context: { services, caller }, input }) => {
    await removeDocument(services, caller, input.id, input.kind)
    return loadCompany(services, caller, input.id)
  }),
}
