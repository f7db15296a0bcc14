import type { SameKeys } from '../texts.ts'
import type { forms as zh } from '../zh/forms.ts'

export const forms: SameKeys<typeof zh> = {
  actions: 'Actions',
  loadMore: 'Load more',
  notNow: 'Not now',
  required: 'Fill this in.',
  currency: 'Currency',
  badCurrency: 'Three letters, for instance CNY.',
  badAmount: 'An amount above zero, with no more decimals than the currency has.',
  note: 'Note',
}
