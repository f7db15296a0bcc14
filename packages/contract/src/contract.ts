/**
 * Every operation of the API, declared once: the server implements it, clients call it, openapi.json is made from it.
 *
 * @module
 */
import { applications, certificates } from './certificates.ts'
import { downloads } from './downloads.ts'
import { endings } from './endings.ts'
import { dnsConnections, issuers } from './issuers.ts'
import { management } from './management.ts'
import { channels, notices, noticeSettings } from './notices.ts'
import { balance, orders, products, quotes, renewals } from './orders.ts'
import { paymentConnections, payments } from './payments.ts'
import { endpoints, targets } from './targets.ts'
import { uploads } from './uploads.ts'

export const contract = {
  certificates: { ...certificates, ...endings },
  uploads,
  applications,
  management,
  downloads,
  products,
  quotes,
  orders,
  renewals,
  balance,
  payments,
  paymentConnections,
  targets,
  endpoints,
  issuers,
  dnsConnections,
  notices,
  noticeSettings,
  channels,
} as const

export type Contract = typeof contract
