/** The texts of zh/names.ts. @module */
import type { SameKeys } from '../texts.ts'
import type { names as zh } from '../zh/names.ts'

export const names: SameKeys<typeof zh> = {
  forwardTo: 'Or forward /.well-known/ of the site to (with the Host header)',
  intro:
    'A name belongs to the account that proved it, or that the operator gave it to, with its wildcard and the names below that nobody holds by themselves. No other account gets certificates for them.',
  of: 'Names of',
  ofAccount: 'This account',
  ofInstallation: 'All accounts',
  search: 'A name and those below',
  find: 'Find',
  name: 'Name',
  account: 'Account',
  how: 'How',
  proved: 'proved',
  assigned: 'assigned by the operator',
  since: 'Since',
  assign: 'Assign a name',
  assignIntro:
    'From now on the name belongs to the chosen account, with its wildcard and the names below that nobody holds by themselves. An account that had it keeps its certificates and gets no more of them; it is told that the name was taken, not to whom it went.',
  nameHelp: 'For instance example.com, without *. in front.',
  assignedDone: '“{{name}}” now belongs to “{{account}}”.',
  give: 'Assign anew',
  release: 'Give up',
  releaseTitle: 'Give up “{{name}}”?',
  releaseText: 'Whoever proves it next holds it, with the names below that nobody holds by themselves.',
  releaseOwn: 'This account can prove it again, unless another one does so first.',
  releaseUsed: 'It is refused while a valid certificate or an open application has the name.',
  releaseAny: 'You are the operator: it is given up even while a valid certificate has it.',
  released: '“{{name}}” is given up.',
  shown: '{{count}} shown, there are more',
  allShown_one: 'one name',
  allShown_other: '{{count}} names',
  emptyTitle: 'No names yet',
  emptyText:
    'A name is this account’s once an application proved it. For a name that another account holds, ask the operator of the installation.',
  emptyFound: 'No name fits.',
}
