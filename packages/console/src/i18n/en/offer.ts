import type { SameKeys } from '../texts.ts'
import type { offer as zh } from '../zh/offer.ts'

export const offer: SameKeys<typeof zh> = {
  bought: 'What you pay for',
  renews: 'Renews',
  names: 'Domain names',
  namesLater: 'entered in the application, after payment',
  moreNames: 'and {{count}} more',
  topUp: 'What is left of the old one',
  entitledUntil: 'Paid for until',
  ifNow: 'if it is issued now',
  certificateUntil: 'First certificate until',
  shortfall: '(days covered by free reissues: {{count}})',
  estimate: 'How long it takes',
}
