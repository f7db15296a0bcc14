import type { SameKeys } from '../texts.ts'
import type { issuers as zh } from '../zh/issuers.ts'

export const issuers: SameKeys<typeof zh> = {
  title: 'Issuers',
  intro: 'The certificate authorities that issue. Each product is sold through one of them.',
  issuer: 'Issuer',
  connect: 'Connect an issuer',
  connectIntro:
    'Products can be sold through it then. Secrets are kept encrypted and not shown again. Its id and kind stay as they are.',
  connected: '“{{title}}” is connected.',
  changeOf: 'Change “{{title}}”',
  changeIntro: 'Applications under way go on with the new settings. What says which CA it is stays as it is.',
  changed: '“{{title}}” was changed.',
  state: 'State',
  taking: 'In use',
  retired: 'Retired',
  retire: 'Retire',
  restore: 'Use again',
  retireTitle: 'Retire “{{title}}”?',
  restoreTitle: 'Use “{{title}}” again?',
  retireText:
    'Products that are sold through it can be neither bought nor renewed any more. What was sold is issued, reissued and revoked as before.',
  restoreText: 'Products that are sold through it can be bought and renewed again.',
  nextProducts: 'Add what is sold through it under “Products and prices” next.',
  name: 'Title',
  validityRule: 'Rule for validity',
  rules: { public: 'public (caps of 200, 100 and 47 days)', private: 'private (no caps)' },
  root: 'Root trusted when sites are proved',
  systemRoots: 'those of the system',
  ownRoot: 'its own',
  rootPem: 'Root for proving sites (optional)',
  rootPemHelp: 'PEM of the root that is trusted when it is proved that sites serve the new certificate. Empty for a public CA.',
  emptyTitle: 'No issuer is connected',
  emptyText: 'Connect an ACME authority (Let’s Encrypt, for instance) or the built-in one: nothing is issued before that.',
}
