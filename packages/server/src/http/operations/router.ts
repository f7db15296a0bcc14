/**
 * All operations of the contract. One that is missing does not compile.
 *
 * @module
 */
import { applications, certificates } from './certificates.ts'
import { overview } from './certificate-overview.ts'
import { downloads } from './downloads.ts'
import { endings } from './endings.ts'
import { dnsConnections, issuers } from './issuers.ts'
import { operations } from './operation.ts'
import { balance, orders, products, quotes, renewals } from './orders.ts'
import { endpoints, targets } from './targets.ts'

export const router = operations.router({
  certificates: { ...certificates, ...endings, ...overview },
  applications,
  downloads,
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
