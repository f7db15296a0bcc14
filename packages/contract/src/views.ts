/**
 * The nouns of the API as zod schemas; each schema gives its type its name. Times are ISO 8601 UTC; money is in minor units.
 *
 * @module
 */
import { z } from 'zod'
import { CERTIFICATE_STATUSES } from './certificate-words.ts'
import { PROBLEMS, type ProblemCode } from './problems.ts'

/** The calendar of the database has no year 0. */
export const instant = z.iso
  .datetime({ precision: 3 })
  .refine((text) => !text.startsWith('0000'), 'there is no year 0')
  .meta({ description: 'ISO 8601, UTC, milliseconds' })
export const id = z.string().min(1).max(64)
/** Of an upload. */
export const completeChain = z
  .boolean()
  .default(false)
  .meta({ description: 'Fetch the intermediates that are missing from where the certificate says (AIA)' })
export const renewsCertificateId = id.optional().meta({
  description:
    'The uploaded certificate that it is the successor of: it is listed under it, and that one is not to be renewed any more',
})
export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256 of the DER, lower-case hex' })
export const problemCode = z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]])

/** A text shown to people, in both languages. */
export const bilingual = z.object({ en: z.string(), zh: z.string() })
export type Bilingual = z.infer<typeof bilingual>

export const money = z.object({ amountMinor: z.int(), currency: z.string().regex(/^[A-Z]{3}$/) })
export type MoneyView = z.infer<typeof money>

export const keyKind = z.enum(['p256', 'p384', 'rsa2048', 'rsa3072', 'rsa4096'])

export const domainType = z.enum(['single', 'multi', 'wildcard', 'multiWildcard', 'mixed'])
export const certificateType = z.enum(['DV', 'OV', 'EV'])

/** The four attributes that renewal compares (DOMAIN §1). */
export const specification = z.object({
  domainType,
  certificateType,
  grade: z.string().max(64),
  brand: z.string().max(64),
})
export type SpecificationView = z.infer<typeof specification>

export const specificationAttribute = z.enum(['domainType', 'certificateType', 'grade', 'brand'])

/** As bought, or as far as an uploaded certificate tells it: null is what it does not tell. */
export const knownSpecification = z.object({
  domainType: domainType.nullable(),
  certificateType: certificateType.nullable(),
  grade: z.string().nullable(),
  brand: z.string().nullable(),
})
export type KnownSpecificationView = z.infer<typeof knownSpecification>

export const certificateStatus = z.enum(CERTIFICATE_STATUSES)
export type CertificateStatusView = z.infer<typeof certificateStatus>

/** Why a certificate cannot be renewed now; empty when it can. */
export const renewalReason = z.object({
  code: problemCode,
  text: bilingual,
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
})

export const renewalOffer = z.object({
  eligible: z.boolean(),
  action: z.enum(['renew', 'reissue']).nullable(),
  reasons: z.array(renewalReason),
  opensAt: instant.nullable(),
  daysUntilOpen: z.int().nullable(),
})

export const entitlementView = z.object({
  termYears: z.int(),
  entitledUntil: instant,
  toppedUpDays: z.int(),
  shortfallDays: z.int().meta({ description: 'Days of the entitlement that the current certificate does not reach' }),
  endedAt: instant.nullable().meta({ description: 'When it ended before its time: revoked, refunded or deleted' }),
})

/** One sentence: what happens next, who moves, and when. */
export const nextStepView = z.object({
  code: z.string(),
  mover: z.enum(['user', 'ca', 'evercert', 'nobody']),
  text: bilingual,
  at: instant.nullable(),
})

/** When an application is expected to be through. */
export const finishEstimate = z.object({
  fastestAt: instant,
  usuallyFrom: instant,
  usuallyUntil: instant,
  calendarKnown: z.boolean().meta({ description: 'False: days off in between are not announced yet' }),
  text: bilingual,
})
export type FinishEstimateView = z.infer<typeof finishEstimate>

export const verdict = z.enum([
  'served',
  'oldCertificate',
  'otherCertificate',
  'wrongName',
  'incompleteChain',
  'untrusted',
  'expired',
  'notYetValid',
  'revoked',
  'unreachable',
  'notTls',
])

export type Verdict = z.infer<typeof verdict>

export const endpointProtocol = z
  .enum(['tls', 'smtp', 'imap', 'pop3', 'ldap', 'ftp', 'postgresql', 'mysql', 'xmpp'])
  .meta({ description: 'tls: TLS from the first byte; the others begin in the clear and change over (STARTTLS)' })
export type EndpointProtocol = z.infer<typeof endpointProtocol>

/** The kind of the served certificate's key. */
const servedKeyKind = z.enum(['rsa', 'ecdsa', 'other'])

const siteKeyKind = z.enum(['rsa', 'ecdsa']).meta({
  description: 'Two certificates may have an endpoint of the same host, port and server name: one with each kind of key',
})

export const observationView = z.object({
  address: z.string(),
  verdict,
  keyKind: servedKeyKind.nullable(),
  sha256: sha256.nullable(),
  chainSha256: z.array(sha256),
  notBefore: instant.nullable(),
  notAfter: instant.nullable(),
  cause: bilingual,
  remedy: bilingual,
  observedAt: instant,
})

export const endpointView = z.object({
  id,
  certificateId: id,
  host: z.string(),
  port: z.int(),
  serverName: z.string(),
  protocol: endpointProtocol,
  keyKind: siteKeyKind.nullable().meta({
    description:
      "Of its certificate's key; null: another kind, or not issued yet. Beside one of the other kind it tells of this kind alone",
  }),
  verdict: verdict.nullable().meta({ description: 'The worst of its addresses; null before the first probe' }),
  probedAt: instant.nullable(),
  nextProbeAt: instant.nullable(),
  provedAt: instant.nullable().meta({ description: 'When all its addresses last served what they have to' }),
  strayedAt: instant
    .nullable()
    .meta({ description: 'Since when it serves another certificate than was proved; null: it does not' }),
  observations: z.array(observationView).meta({ description: 'Of an address with a certificate for each kind of key, two' }),
})
export type EndpointView = z.infer<typeof endpointView>

const nullableText = z.string().nullable()

export const targetView = z.object({
  id,
  certificateId: id,
  name: z.string(),
  kind: z.string(),
  canary: z.boolean().meta({ description: 'Deployed and proved before the other targets of the certificate' }),
  probe: z
    .object({ host: z.string(), port: z.int(), serverName: z.string(), protocol: endpointProtocol })
    .nullable()
    .meta({ description: "The target's own address: what is served there decides whether a deployment is taken back" }),
  deployment: z
    .object({
      id,
      issuanceSha256: sha256,
      state: z.string(),
      underWay: z.boolean().meta({
        description: 'More lines may come by themselves: it is being made, watched after its reload, or taken back',
      }),
      log: z.array(z.string()),
      problem: nullableText,
      advice: z
        .object({ code: problemCode, cause: bilingual, remedy: bilingual })
        .nullable()
        .meta({ description: 'What the problem is in general, and what to do' }),
      warning: nullableText.meta({ description: 'Why an earlier upload is still at the provider; the deployment is in order' }),
      unprovable: bilingual.nullable().meta({
        description:
          'Why nothing can prove it, or why it has not begun (it waits for a canary), and what to do; null when it goes on',
      }),
      retryAt: instant.nullable().meta({ description: 'When what failed is tried again by itself; null: it is not' }),
      updatedAt: instant,
    })
    .nullable(),
})
export type TargetView = z.infer<typeof targetView>

export const renewalView = z.object({
  id,
  oldCertificateId: id,
  newCertificateId: id.nullable(),
  orderId: id,
  state: z.enum(['ordered', 'open', 'attention', 'closed', 'cancelled']),
  closedAt: instant.nullable(),
})
export type RenewalView = z.infer<typeof renewalView>

/** A certificate that renews by itself (托管). */
export const managementView = z.object({
  spendingLimit: money,
  nextAction: z.enum(['renew', 'reissue', 'apply']).nullable(),
  at: instant.nullable().meta({ description: 'When it acts by itself next' }),
  suggestion: z
    .object({
      from: instant,
      until: instant,
      page: z.url().nullable().meta({ description: 'Of the CA, for people: why' }),
    })
    .nullable()
    .meta({ description: 'When its CA would have it renewed (RFC 9773); null when the CA says nothing of it' }),
  problem: z.object({ code: problemCode, detail: z.string(), cause: bilingual, remedy: bilingual }).nullable().meta({
    description: 'Why it could not act by itself the last time',
  }),
  foreseen: z.object({ code: problemCode, text: bilingual }).nullable().meta({
    description:
      'Said in advance: why it will not be renewed by itself, as things are now, and what to do; null when nothing is known against it',
  }),
})

export const certificateView = z.object({
  id,
  name: z.string(),
  origin: z.enum(['purchased', 'uploaded']),
  managed: z.boolean(),
  management: managementView.nullable(),
  status: certificateStatus,
  statusText: bilingual,
  domains: z.array(z.string()),
  tags: z.array(z.string()),
  productId: id.nullable(),
  specification: specification.nullable(),
  knownSpecification: knownSpecification
    .nullable()
    .meta({ description: 'As bought, or read from an uploaded certificate; null while nothing is issued or bought' }),
  sha256: sha256.nullable(),
  serial: z.string().nullable(),
  issuer: z.string().nullable(),
  notBefore: instant.nullable(),
  notAfter: instant.nullable(),
  daysLeft: z.int().nullable(),
  isNew: z.boolean().meta({
    description: 'The "new" mark of a renewal, that links it to the certificate it renews; false once that one is deleted',
  }),
  renewsCertificateId: id.nullable(),
  renewedByCertificateId: id.nullable(),
  orderId: id.nullable(),
  entitlement: entitlementView.nullable(),
  renewal: renewalOffer,
  nextStep: nextStepView,
  estimate: finishEstimate.nullable().meta({ description: 'Of the application in progress' }),
  servedAt: instant.nullable(),
  createdAt: instant,
})
export type CertificateView = z.infer<typeof certificateView>

export const listedCertificate = certificateView.extend({
  under: z.array(certificateView).meta({
    description:
      'With a filter: the live renewals of it that do not match the filter, and so are no items of the list; the nearest first, at most 20',
  }),
})
export type ListedCertificate = z.infer<typeof listedCertificate>

export const historyEntry = z.object({
  at: instant,
  subject: z.string(),
  subjectId: id,
  from: z.string().nullable(),
  to: z.string(),
  actor: z.string(),
  detail: z.string().nullable(),
})

export type HistoryEntryView = z.infer<typeof historyEntry>

export const issuanceView = z.object({
  sha256,
  serial: z.string(),
  issuer: z.string(),
  domains: z.array(z.string()),
  notBefore: instant,
  notAfter: instant,
  storedAt: instant.meta({ description: 'When it came in: from the CA, or by an upload' }),
  isCurrent: z.boolean(),
  key: z.object({
    algorithm: z.string().nullable().meta({ description: 'null: not known of a key that is not here' }),
    place: z.enum(['here', 'host', 'elsewhere']).meta({ description: 'host: made by an agent; elsewhere: the CSR was yours' }),
    agent: z.string().nullable(),
    site: z.string().nullable(),
  }),
})
export type IssuanceView = z.infer<typeof issuanceView>
/** Why nobody knows whether a certificate was revoked. It is never taken for revoked for that. */
export const revocationUnknown = z.enum([
  'notAskedYet',
  'switchedOff',
  'noAddress',
  'issuerUnknown',
  'addressForbidden',
  'unreachable',
  'tooLarge',
  'malformed',
  'badSignature',
  'stale',
  'notCovered',
  'chainUnreadable',
  'notAnswered',
])
export type RevocationUnknown = z.infer<typeof revocationUnknown>

/** What its CA says of a certificate (RFC 5280 §5, RFC 6960). */
export const revocationCheckView = z.object({
  state: z.enum(['unknown', 'good', 'revoked']),
  source: z.enum(['crl', 'ocsp', 'staple']).nullable().meta({ description: 'Whose word it is' }),
  url: z.string().nullable().meta({ description: 'What is asked; null: the certificate names nothing' }),
  checkedAt: instant.nullable().meta({ description: 'When the last answer came that is believed' }),
  nextCheckAt: instant.nullable(),
  validUntil: instant.nullable().meta({ description: 'Until when the answer holds' }),
  revokedAt: instant.nullable().meta({ description: 'By the word of the CA' }),
  reason: z.string().nullable().meta({ description: 'RFC 5280 §5.3.1' }),
  problem: z
    .object({ code: revocationUnknown, detail: z.string().nullable(), cause: bilingual, remedy: bilingual })
    .nullable()
    .meta({ description: 'Why it is unknown, or why the last try gave no answer' }),
})
export type RevocationCheckView = z.infer<typeof revocationCheckView>

/** The certificates that renewed each other, the oldest first: a few on either side of the one that was asked for. */
export const lineageView = z.object({
  members: z.array(
    z.object({
      id,
      name: z.string(),
      status: certificateStatus,
      statusText: bilingual,
      renewsCertificateId: id.nullable(),
      notBefore: instant.nullable(),
      notAfter: instant.nullable(),
      servedAt: instant.nullable(),
    }),
  ),
  earlier: z.int().meta({ description: 'How many more there are before the first of these' }),
  later: z.int().meta({ description: 'How many more there are after the last of these' }),
})
export type LineageView = z.infer<typeof lineageView>

export const certificateDetail = certificateView.extend({
  revocationCheck: revocationCheckView.nullable().meta({ description: 'Of the current issuance; null while nothing is issued' }),
  ipAddresses: z
    .array(z.string())
    .meta({ description: 'Of an upload; they are not among the domains, and a renewal here will not have them' }),
  chainPem: z.string().nullable(),
  issuances: z.array(issuanceView).meta({ description: 'Newest first, at most 100' }),
  renewalProcess: renewalView.nullable(),
  lineage: lineageView,
  targets: z.array(targetView),
  endpoints: z.array(endpointView),
  history: z.array(historyEntry).meta({ description: 'The newest entries' }),
})
export type CertificateDetail = z.infer<typeof certificateDetail>

export const issuerView = z.object({
  id,
  title: z.string(),
  kind: z.string(),
  validityRule: z.enum(['public', 'private']),
  rootPem: z.string().nullable(),
  retiredAt: instant.nullable().meta({ description: 'Since when it takes no orders; null: it does' }),
})
export type IssuerView = z.infer<typeof issuerView>

/** A page of a list; `nextCursor` null on the last. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}
