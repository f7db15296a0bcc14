import type { SameKeys } from '../texts.ts'
import type { fields as zh } from '../zh/fields.ts'

export const fields: SameKeys<typeof zh> = {
  actions: 'Actions',
  loadMore: 'Load more',
  notNow: 'Not now',
  required: 'Fill this in.',
  currency: 'Currency',
  badCurrency: 'Three letters, for instance CNY.',
  badAmount: 'An amount above zero, with no more decimals than the currency has.',
  note: 'Note',
  optional: '(optional)',
  oneEachLine: 'One in each line.',
  secretHelp: 'Kept encrypted, and not shown again.',
  badRange: 'A number from {{from}} to {{to}}.',
  badNumber: 'A number.',
  badUrl: 'An address that begins with http:// or https://.',
  badEmail: 'An e-mail address.',
  badPattern: 'This does not have the right form: see the description.',
  kind: 'Kind',
  chooseKind: 'Choose a kind',
  replaceConfig: 'Enter the settings anew',
  replaceConfigHelp:
    'What is stored is not shown. When this is on, all settings are entered again and replace those; when it is off, they stay.',
  apiDocs: 'Documentation of the interface',
  edit: 'Change',
  save: 'Save',
  id: 'Id',
  idHelp: 'Begins with a lower-case letter; digits and dashes may follow. It stays as it is.',
  badId: 'Lower-case letters, digits and dashes, beginning with a letter.',
  findCertificate: 'Type a name or domain',
  noCertificate: 'No certificate is found',
}
