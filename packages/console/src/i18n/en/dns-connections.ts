import type { SameKeys } from '../texts.ts'
import type { dnsConnections as zh } from '../zh/dns-connections.ts'

export const dnsConnections: SameKeys<typeof zh> = {
  title: 'DNS connections',
  intro:
    'They put the TXT records of validations in place and take them away. An application chooses automatic DNS validation to use one.',
  name: 'Name',
  nameHelp: 'For instance the zone, or the provider.',
  connect: 'Add a DNS connection',
  connectIntro:
    'Applications can choose it then. Secrets are kept encrypted and not shown again. The server is asked when it is first used.',
  connected: '“{{name}}” was added.',
  changeOf: 'Change “{{name}}”',
  changeIntro: 'Validations use it from then on. The server is asked when it is next used.',
  changed: '“{{name}}” was changed.',
  removeTitle: 'Remove “{{name}}”?',
  removeText:
    'Its settings and secrets are deleted, and applications cannot choose it any more. One that an application still needs is not removed.',
  nextUse: 'Choose automatic DNS validation in an application to use it.',
  emptyTitle: 'No DNS connections yet',
  emptyText: 'With one, nobody has to add records by hand, and certificates can renew by themselves.',
}
