import type { SameKeys } from '../texts.ts'
import type { companies as zh } from '../zh/companies.ts'

export const companies: SameKeys<typeof zh> = {
  intro:
    'Companies that OV and EV certificates are issued to, with their documents. The list masks numbers; what was submitted keeps what it was sent with.',
  name: 'Full legal name',
  nameHelp: 'Exactly as in the business licence.',
  type: 'Kind of organisation',
  types: {
    enterprise: 'enterprise',
    government: 'government',
    institution: 'public institution',
    nonProfit: 'non-profit',
    individualBusiness: 'sole trader',
  },
  registrationNumber: 'Registration number',
  phone: 'Phone',
  country: 'Country or region',
  region: 'Province or state',
  city: 'City',
  address: 'Address',
  postalCode: 'Postal code',
  details: 'Details',
  documents: 'Documents',
  noDocuments: 'none yet',
  documentsHelp:
    'OV and EV need the business licence, EV the bank permit too. Documents are stored encrypted and used for reviews alone.',
  kinds: { businessLicence: 'Business licence', bankPermit: 'Bank permit' },
  documentAdd: 'Choose a picture, or drop it here',
  documentReplace: 'Replace the picture',
  documentRule: 'PNG or JPEG, at most 500 KB',
  documentRemove: 'Delete the picture',
  documentSending: 'Uploading…',
  documentStored: 'It is stored.',
  documentRemoved: 'It is deleted. Applications that were submitted with it keep it.',
  faults: {
    tooLarge: 'The picture has more than 500 KB: make it smaller and choose it again.',
    notImage: 'It is neither PNG nor JPEG: scan it again, or save it as one of these.',
    unreadable: 'The file cannot be read: choose it again.',
  },
  add: 'Add a company',
  edit: 'Edit the company',
  saveNew: 'Save, then add documents',
  newIntro: 'Save the company first; its documents follow.',
  emptyTitle: 'No companies yet',
  emptyText: 'Before you apply for an OV or EV certificate, add the company with its business licence.',
  removeTitle: 'Delete the company “{{name}}”?',
  removeText:
    'Its details and documents are deleted, and later applications cannot choose it. What was submitted keeps its own copy and is not affected.',
}
