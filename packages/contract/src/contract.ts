/**
 * Every operation of the API, declared once: the server implements it, clients call it, openapi.json is made from it.
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
import { deviceLogins, ownTokens } from './device-logins.ts'
import { downloads } from './downloads.ts'
import { endings } from './endings.ts'
import { dnsConnections, issuers } from './issuers.ts'
import { management } from './management.ts'
import { masterKeys } from './master-keys.ts'
import { names } from './names.ts'
import { outlook } from './outlook.ts'
import { channels, notices, noticeSettings } from './notices.ts'
import { accounts, recovery, users } from './accounts.ts'
import { firstOperator, me, sessions } from './me.ts'
import { invitations, members } from './members.ts'
import { passkeys, signInWays } from './passkeys.ts'
import { balance, orders, products, quotes, renewals } from './orders.ts'
import { discovery } from './discovery.ts'
import { receipts } from './receipts.ts'
import { promotions } from './promotions.ts'
import { reviews } from './reviews.ts'
import { paymentConnections, payments } from './payments.ts'
import { endpoints } from './endpoints.ts'
import { targets } from './targets.ts'
import { signInProviders } from './sign-in-providers.ts'
import { tokens } from './tokens.ts'
import { uploads } from './uploads.ts'

export const contract = {
  certificates: { ...certificates, ...endings, ...overview, ...outlook },
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
} as const

export type Contract = typeof contract

/** The operations (`orders.place`) that are refused without an `Idempotency-Key`. */
export const NEEDS_IDEMPOTENCY_KEY: ReadonlySet<string> = new Set(
  Object.entries(contract).flatMap(([group, procedures]) =>
    Object.entries(procedures)
      .filter(([, procedure]) => procedure['~orpc'].meta.operation?.idempotent === 'required')
      .map(([name]) => `${group}.${name}`),
  ),
)
