/**
 * API tokens that see only certificates with some tags: what each operation is to them, declared once. An operation that is missing here
 * does not compile; the server refuses what is `closed`.
 *
 * @module
 */
import type { Contract } from './contract.ts'

/** What an id of the input stands for; each leads to certificates. */
export type NarrowedSubject = 'certificate' | 'order' | 'renewal' | 'target' | 'endpoint' | 'receipt' | 'notice' | 'payment'

/**
 * `open`: it tells and does nothing of a certificate. `filtered`: it shows what belongs to the token's certificates, and nothing else.
 * `closed`: refused. Else the field of the input that names what has to belong to one of the token's certificates.
 */
export type Narrowing = 'open' | 'filtered' | 'closed' | { readonly [Subject in NarrowedSubject]?: string }

const CERTIFICATE = { certificate: 'id' } as const

export const NARROWING = {
  certificates: {
    list: 'filtered',
    get: CERTIFICATE,
    upload: 'closed', // it would have none of the tags
    verify: CERTIFICATE,
    probe: CERTIFICATE,
    cancel: CERTIFICATE,
    refund: CERTIFICATE,
    revoke: CERTIFICATE,
    revocation: CERTIFICATE,
    confirmRevocation: CERTIFICATE,
    declineRevocation: CERTIFICATE,
    remove: CERTIFICATE,
    counts: 'filtered',
    changes: 'open', // that there is news, and none of it
    events: CERTIFICATE,
    expiries: 'filtered',
    forecast: 'closed', // the sums that it is made from know no tags
    funnel: 'closed',
    firstSteps: 'closed',
    history: CERTIFICATE,
    rename: CERTIFICATE,
    tag: 'closed', // tags are what narrows it, and others
    tagMany: 'closed',
    export: 'filtered',
  },
  uploads: { create: 'closed' },
  applications: { get: CERTIFICATE, submit: CERTIFICATE, check: CERTIFICATE, withdraw: CERTIFICATE },
  contacts: { list: 'closed', create: 'closed', get: 'closed', update: 'closed', remove: 'closed' },
  companies: {
    list: 'closed',
    create: 'closed',
    get: 'closed',
    update: 'closed',
    remove: 'closed',
    putDocument: 'closed',
    getDocument: 'closed',
    removeDocument: 'closed',
  },
  csrs: { list: 'closed', create: 'closed', get: 'closed', remove: 'closed', upload: 'closed', attachKey: 'closed' },
  reviews: { list: 'closed', get: 'closed', document: 'closed', approve: 'closed', refuse: 'closed' },
  approvals: { list: 'closed', get: 'closed', approve: 'closed', refuse: 'closed', explain: 'closed', withdraw: 'closed' },
  rules: { get: 'closed', set: 'closed' },
  management: { start: CERTIFICATE, stop: CERTIFICATE },
  downloads: { list: CERTIFICATE, certificate: CERTIFICATE, withKey: CERTIFICATE },
  products: { list: 'open', create: 'closed', update: 'closed', retire: 'closed', restore: 'closed' },
  promotions: { list: 'closed', create: 'closed', update: 'closed', withdraw: 'closed' },
  brands: { list: 'open', create: 'closed', update: 'closed' },
  quotes: { create: { certificate: 'renewsCertificateId' } },
  orders: {
    list: 'filtered',
    get: { order: 'id' },
    place: { certificate: 'renewsCertificateId' },
    pay: { order: 'id' },
    cancel: { order: 'id' },
  },
  renewals: { get: { renewal: 'id' } },
  balance: { get: 'closed', topUp: 'closed' },
  payments: { list: { order: 'orderId' }, get: { payment: 'id' }, check: { payment: 'id' }, recordReceipt: 'closed' },
  paymentConnections: { list: 'closed', get: 'closed', create: 'closed', update: 'closed', remove: 'closed' },
  targets: {
    list: 'filtered',
    create: { certificate: 'certificateId' },
    get: { target: 'id' },
    update: { target: 'id' },
    deploy: { target: 'id' },
    remove: { target: 'id' },
  },
  endpoints: {
    list: 'filtered',
    map: 'closed',
    get: { endpoint: 'id' },
    create: { certificate: 'certificateId' },
    remove: { endpoint: 'id' },
  },
  receipts: { list: CERTIFICATE, listAll: 'filtered', get: { receipt: 'id' }, pdf: { receipt: 'id' } },
  discovery: { look: 'closed', list: 'closed', accept: 'closed', dismiss: 'closed' },
  issuers: { list: 'closed', create: 'closed', get: 'closed', update: 'closed', retire: 'closed', restore: 'closed' },
  dnsConnections: { list: 'closed', create: 'closed', get: 'closed', update: 'closed', remove: 'closed' },
  tokens: { list: 'closed', create: 'closed', remove: 'closed' },
  notices: { list: 'filtered', inbox: 'filtered', markRead: { notice: 'id' } },
  noticeSettings: { get: 'closed', set: 'closed' },
  channels: { list: 'closed', get: 'closed', create: 'closed', update: 'closed', remove: 'closed', test: 'closed' },
  me: { get: 'open', update: 'closed' },
  sessions: {
    list: 'closed',
    remove: 'closed',
    removeOthers: 'closed',
    confirm: 'closed',
    ways: 'closed',
    chooseAccount: 'closed',
  },
  firstOperator: { create: 'open' },
  recovery: { use: 'open' },
  members: { list: 'closed', changeRole: 'closed', remove: 'closed' },
  invitations: { list: 'closed', create: 'closed', remove: 'closed', inspect: 'open', accept: 'open', join: 'closed' },
  accounts: { list: 'closed', create: 'closed' },
  users: { list: 'closed', recover: 'closed' },
  adapters: { ca: 'closed', dns: 'closed', deploy: 'closed', notify: 'closed', payment: 'closed' },
  agents: {
    list: 'closed',
    get: 'closed',
    createEnrolment: 'closed',
    listEnrolments: 'closed',
    withdrawEnrolment: 'closed',
    revoke: 'closed',
    enrol: 'open',
    poll: 'closed',
    log: 'closed',
    report: 'closed',
    storeCsr: 'closed',
    observe: 'closed',
  },
  backups: { create: 'closed' },
  masterKeys: { list: 'closed', health: 'closed', rotate: 'closed', remove: 'closed' },
  audit: { list: 'closed', checkpoints: 'closed', verify: 'closed', export: 'closed' },
  passkeys: { list: 'closed', rename: 'closed', remove: 'closed' },
  signInWays: { get: 'open' },
  deviceLogins: { begin: 'open', poll: 'open', inspect: 'closed', decide: 'closed' },
  ownTokens: { list: 'closed', remove: 'open' }, // it ends itself alone
  signInProviders: { list: 'closed', create: 'closed', update: 'closed', remove: 'closed' },
  names: { list: 'closed', assign: 'closed', release: 'closed' },
} as const satisfies { readonly [Group in keyof Contract]: { readonly [Member in keyof Contract[Group]]: Narrowing } }

/** Of `orders.pay`; what is not declared is closed. */
export function narrowingOf(operation: string): Narrowing {
  const [group = '', member = ''] = operation.split('.')
  const members = (NARROWING as Readonly<Record<string, Readonly<Record<string, Narrowing>>>>)[group]
  return members?.[member] ?? 'closed'
}
