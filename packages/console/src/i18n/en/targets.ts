import type { SameKeys } from '../texts.ts'
import type { targets as zh } from '../zh/targets.ts'

export const targets: SameKeys<typeof zh> = {
  title: 'Targets',
  intro:
    'The targets of all certificates with their last deployment; what needs you comes first. Add targets on the page of a certificate.',
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
}
