import type { SameKeys } from '../texts.ts'
import type { terms as zh } from '../zh/terms.ts'

export const terms: SameKeys<typeof zh> = {
  domainType: {
    single: 'single domain',
    multi: 'multi-domain',
    wildcard: 'wildcard',
    multiWildcard: 'multi-wildcard',
    mixed: 'mixed',
  },
  attribute: { domainType: 'Domain type', certificateType: 'Certificate type', grade: 'Grade', brand: 'Brand' },
  origin: { purchased: 'bought', uploaded: 'uploaded' },
  unknown: 'unknown',
  years_one: '{{count}} year',
  years_other: '{{count}} years',
  days_one: '{{count}} day',
  days_other: '{{count}} days',
  verdict: {
    served: 'serves this certificate',
    oldCertificate: 'still serves the old certificate',
    otherCertificate: 'serves another certificate',
    wrongName: 'name does not match',
    incompleteChain: 'chain is incomplete',
    untrusted: 'not trusted',
    expired: 'expired',
    notYetValid: 'not valid yet',
    revoked: 'revoked',
    unreachable: 'does not answer',
    notTls: 'does not speak TLS',
  },
  deployment: {
    planned: 'waiting',
    applied: 'installed',
    proved: 'installed and proved',
    rolledBack: 'rolled back',
    failed: 'failed',
    abandoned: 'abandoned',
    superseded: 'superseded',
  },
  mover: { user: 'Your move', ca: 'The CA’s move', evercert: 'Evercert works', nobody: 'Nothing to do' },
  key: { p256: 'ECC P-256', p384: 'ECC P-384', rsa2048: 'RSA 2048', rsa3072: 'RSA 3072', rsa4096: 'RSA 4096' },
}
