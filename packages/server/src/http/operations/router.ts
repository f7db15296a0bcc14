/**
 * All operations of the contract. One that is missing does not compile.
 *
 * @module
 */
import { applications, certificates } from './certificates.ts'
import { dnsConnections, issuers } from './issuers.ts'
import { operations } from './operation.ts'
import { balance, orders, products, quotes, renewals } from './orders.ts'
import { endpoints, targets } from './targets.ts'
import { uploads } from './uploads.ts'

export const router = operations.router({
  certificates,
  uploads,
  applications,
  products,
  quotes,
  orders,
  renewals,
  balance,
  targets,
  endpoints,
  issuers,
  dnsConnections,
})
