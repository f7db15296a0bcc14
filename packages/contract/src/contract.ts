/**
 * Every operation of the API, declared once: the server implements it, clients call it, openapi.json is made from it.
 *
 * @module
 */
import { applications, certificates } from './certificates.ts'
import { overview } from './certificate-overview.ts'
import { downloads } from './downloads.ts'
import { endings } from './endings.ts'
import { dnsConnections, issuers } from './issuers.ts'
import { balance, orders, products, quotes, renewals } from './orders.ts'
import { endpoints, targets } from './targets.ts'

export const contract = {
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
} as const

export type Contract = typeof contract
