import type { SameKeys } from '../texts.ts'
import type { forms as zh } from '../zh/forms.ts'

export const forms: SameKeys<typeof zh> = {
  save: 'Save',
  edit: 'Edit',
  remove: 'Delete',
  show: 'Show',
  hide: 'Hide',
  showOf: 'Show {{what}}',
  hideOf: 'Hide {{what}}',
  actions: 'Actions',
  saved: 'Saved: {{name}}',
  removed: 'Deleted: {{name}}',
  usually: 'usually {{from}} to {{until}}',
  required: 'Fill this in',
  tooShort: 'At least {{count}} characters',
  tooLong: 'More than the limit of {{count}}',
  email: 'Enter an e-mail address',
  wrong: 'This does not have the right form',
}
