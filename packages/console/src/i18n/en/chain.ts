import type { SameKeys } from '../texts.ts'
import type { chain as zh } from '../zh/chain.ts'

export const chain: SameKeys<typeof zh> = {
  root: 'Root',
  rootElsewhere: 'The root is not sent with the chain: clients have it among those that they trust.',
  subject: 'Subject',
  validity: 'Validity',
  key: 'Public key',
  noFingerprint: 'Browsers compute fingerprints on pages with TLS alone.',
}
