import type { SameKeys } from '../texts.ts'
import type { palette as zh } from '../zh/palette.ts'

export const palette: SameKeys<typeof zh> = {
  placeholder: 'Page, certificate, order or action',
  results: 'What fits',
  searching: 'Searching …',
  count_one: '{{count}} result',
  count_other: '{{count}} results',
  keys: '↑ ↓ choose · Enter go · Esc close',
  groups: { certificates: 'Certificates', orders: 'Orders', actions: 'Actions', pages: 'Pages', accounts: 'Accounts' },
  buy: 'Buy a certificate',
  upload: 'Upload certificates',
  renew: 'Renew: what expires soon',
  renewOne: 'Renew {{name}}',
  addContact: 'Add a contact',
  addCompany: 'Add a company',
  makeCsr: 'Make a CSR',
  language: 'Change the language',
  enterAccount: 'enter this account',
  orderOf: 'Order of {{name}}',
  until: 'until {{day}}',
}
