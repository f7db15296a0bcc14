/**
 * The names under which answers are kept: what changes a certificate makes `keys.certificates` old, and with it everything below.
 *
 * @module
 */
export const keys = {
  me: ['me'],
  certificates: ['certificates'],
  counts: ['certificates', 'counts'],
  expiries: ['certificates', 'expiries'],
  list: (query: object) => ['certificates', 'list', query],
  certificate: (id: string) => ['certificates', 'one', id],
  application: (id: string) => ['certificates', 'one', id, 'application'],
  downloads: (id: string) => ['certificates', 'one', id, 'downloads'],
  history: (id: string) => ['certificates', 'one', id, 'history'],
  products: ['products'],
  quote: (request: object) => ['certificates', 'quote', request],
  orders: ['orders'],
  orderList: ['orders', 'list'],
  order: (id: string) => ['orders', id],
  payments: (orderId: string) => ['orders', orderId, 'payments'],
  paymentConnections: ['paymentConnections'],
  balance: ['balance'],
  isOperator: ['isOperator'],
  adapters: (port: string) => ['adapters', port],
  paymentList: ['orders', 'payments'],
  issuers: ['issuers'],
  notices: ['notices'],
  noticeList: (filter: object) => ['notices', 'list', filter],
  noticeSettings: ['notices', 'settings'],
  channels: ['channels'],
  tokens: ['tokens'],
  version: ['version'],
  contacts: ['contacts'],
  companies: ['companies'],
  dnsConnections: ['dnsConnections'],
} as const
