import type { SameKeys } from '../texts.ts'
import type { targets as zh } from '../zh/targets.ts'

export const targets: SameKeys<typeof zh> = {
  title: 'Targets',
  intro: 'The targets of all certificates with their last deployment; what needs you comes first.',
  name: 'Target',
  certificate: 'Certificate',
  deployment: 'Last deployment',
  none: 'not deployed yet',
  at: 'Updated',
  deploy: 'Deploy again',
  deploying: 'It is being deployed.',
  deployReason: 'Only what failed or was rolled back is deployed again.',
  deployed: '{{name}} is going to be deployed again.',
  shown: '{{count}} of {{all}} shown',
  emptyTitle: 'No targets yet',
  emptyText: 'Open a certificate and add the servers that it is installed on: a renewal is deployed to each of them by itself.',
  add: 'Add a target',
  addIntro: 'An issued certificate is installed there at once, and every renewal by itself.',
  added: '{{name}} was added; the certificate is going to be deployed there.',
  change: 'Change',
  changeOf: 'Change {{name}}',
  changeIntro: 'With other settings or another address the certificate is deployed to this target anew, and to no other.',
  changed: '{{name}} was changed.',
  nameLabel: 'Name of the target',
  canary: 'Goes first (canary)',
  canaryHelp: 'The other targets of the certificate wait until this one serves it. Needs an address of its own.',
  operatorReason: 'Targets may run commands on servers: the operator of the installation adds and changes them.',
  portDefault: 'that of the protocol',
  probeHelp:
    'With it the service looks at this address after a deployment, and takes it back if the new certificate is not served.',
}
