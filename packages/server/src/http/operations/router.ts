/**
 * All operations of the contract. One that is missing does not compile.
 *
 * @module
 */
import { backups } from './backups.ts'
import { brands } from './brands.ts'
import { adapters } from './adapters.ts'
import { agents } from './agents.ts'
import { approvals, rules } from './approvals.ts'
import { audit } from './audit.ts'
import { applications, certificates } from './certificates.ts'
import { companies, contacts } from './contacts.ts'
import { csrs } from './csrs.ts'
import { overview } from './certificate-overview.ts'
import { downloads } from './downloads.ts'
import { endings } from './endings.ts'
import { dnsConnections, issuers } from './issuers.ts'
import { management } from './management.ts'
import { masterKeys } from './master-keys.ts'
import { names } from './names.ts'
import { channels, notices, noticeSettings } from './notices.ts'
import { operations } from './operation.ts'
import { balance, orders, products, quotes, renewals } from './orders.ts'
import { discovery } from './discovery.ts'
import { receipts } from './receipts.ts'
import { promotions } from './promotions.ts'
import { reviews } from './reviews.ts'
import { paymentConnections, payments } from './payments.ts'
import { endpoints } from './endpoints.ts'
import { targets } from './targets.ts'
import { deviceLogins, ownTokens, tokens } from './tokens.ts'
import { uploads } from './uploads.ts'
import {
  accounts,
  firstOperator,
  invitations,
  me,
  members,
  passkeys,
  recovery,
  sessions,
  signInProviders,
  signInWays,
  users,
} from './users.ts'

export const router = operations.router({
  certificates: { ...certificates, ...endings, ...overview },
  uploads,
  applications,
  contacts,
  companies,
  csrs,
  reviews,
  approvals,
  rules,
  management,
  downloads,
  products,
  promotions,
  brands,
  quotes,
  orders,
  renewals,
  balance,
  payments,
  paymentConnections,
  targets,
  endpoints,
  receipts,
  discovery,
  issuers,
  dnsConnections,
  tokens,
  notices,
  noticeSettings,
  channels,
  me,
  sessions,
  passkeys,
  signInWays,
  deviceLogins,
  ownTokens,
  signInProviders,
  firstOperator,
  recovery,
  members,
  invitations,
  accounts,
  users,
  adapters,
  agents,
  backups,
  masterKeys,
  audit,
  names,
})
