/**
 * Certificates with everything their status is derived from, in one query: order, application, issuance, entitlement, renewals.
 *
 * @module
 */
import { sql, type SqlBool } from 'kysely'
import type { Bilingual, HostKey } from '@evercert/contract'
import { PROBES_BEFORE_ATTENTION } from '../domain/backoff.ts'
import type { RenewalFacts } from '../domain/certificate/decide-renewal.ts'
import type { ReadSpecification } from '../domain/product/known-specification.ts'
import type { Specification } from '../domain/product/specification.ts'
import type { Db } from './connect.ts'
import { SAME } from './same-account.ts'
import { successorUpload } from './successor-upload.ts'
import { toMs } from './time.ts'
import type { Trx } from './transition.ts'
import { workedOut } from './worked-out.ts'

/** What a managed certificate may spend, and what went wrong last. */
export interface ManagementFacts {
  readonly limitMinor: number
  readonly currency: string
  readonly jitter: number
  readonly failedCode: string | null
  readonly failedDetail: string | null
  readonly retryAt: number | null
  /** What the CA said of the current issuance; null when it said nothing. */
  readonly suggestion: { readonly from: number; readonly until: number; readonly at: number; readonly page: string | null } | null
  /** When its CA is asked again; null when it was not asked about this issuance. */
  readonly askCaAt: number | null
}

/** Of a key that an agent was asked to make. */
export interface AwaitedKey {
  readonly agent: string
  readonly site: string
  /** Null: there is no such agent, or it was never seen. */
  readonly agentSeenAt: number | null
}

/** Facts of one certificate. Times are epoch milliseconds. */
export interface CertificateRecord {
  readonly id: string
  readonly accountId: string
  readonly name: string
  readonly managed: boolean
  /** Null: renewed by hand. */
  readonly management: ManagementFacts | null
  readonly productId: string | null
  readonly orderId: string | null
  /** As bought; null for an upload. */
  readonly specification: Specification | null
  /** As far as an uploaded certificate tells it; null when it was bought. */
  readonly readSpecification: ReadSpecification | null
  readonly domainCount: number | null
  readonly termYears: number | null
  readonly validityRule: 'public' | 'private' | null
  readonly renewsCertificateId: string | null
  /** What it renews was deleted. */
  readonly isOldGone: boolean
  readonly lineageId: string
  readonly lineageIndex: number
  readonly createdAt: number
  readonly servedAt: number | null
  readonly closedAt: number | null
  /** When the CA was to be asked; null while a contact has not confirmed. */
  readonly revocationConfirmedAt: number | null
  readonly facts: RenewalFacts
  /** A renewal that is ordered and not paid; null when there is none. */
  readonly unpaidRenewal: { readonly orderId: string; readonly orderedAt: number } | null
  /** Each of its addresses serves the certificate that renews it. */
  readonly isReplaced: boolean
  readonly application: {
    readonly id: string
    readonly domains: readonly string[]
    readonly retryAt: number | null
    readonly failedCode: string | null
    readonly failedDetail: string | null
    readonly answered: boolean
    readonly submittedAt: number
    /** OV and EV: people have not decided yet. */
    readonly awaitsReview: boolean
    /** While an agent is to make the key on its host. */
    readonly awaitsKey: AwaitedKey | null
  } | null
  readonly issuance: {
    readonly id: string
    readonly sha256: string
    readonly serial: string
    readonly issuer: string
    readonly names: readonly string[]
    readonly commonName: string | null
    readonly notBefore: number
    readonly notAfter: number
  } | null
  readonly entitlement: { readonly termYears: number; readonly entitledUntil: number; readonly toppedUpDays: number } | null
  readonly targetCount: number
  readonly endpointCount: number
  /** A target that does not have the current issuance, and is not tried again by itself. */
  readonly failedTarget: string | null
  /** An address that goes on showing a certificate which is neither this one nor the one before it; null: none, or it was not looked for long enough. */
  readonly stranger: { readonly cause: Bilingual; readonly remedy: Bilingual } | null
  /** In lower case, sorted. */
  readonly tags: readonly string[]
}

const RECORD_COLUMNS = [
  'certificate.id',
  'certificate.account_id',
  'certificate.name',
  'certificate.origin',
  'certificate.managed',
  'certificate.product_id',
  'certificate.order_id',
  'certificate.renews_certificate_id',
  'certificate.lineage_id',
  'certificate.lineage_index',
  'certificate.closed_as',
  'certificate.closed_at',
  'certificate.revoked_at',
  'certificate.revocation_requested_at',
  'certificate.revocation_confirmed_at',
  'certificate.served_at',
  'certificate.created_at',
  'order.domain_type',
  'order.certificate_type',
  'order.grade',
  'order.brand',
  'order.domain_count',
  'order.term_years as order_term_years',
  'product.supports_renewal',
  'issuer.validity_rule',
  'application.id as application_id',
  'application.state as application_state',
  'application.identifiers',
  'application.retry_at',
  'application.failed_code',
  'application.failed_detail',
  'application.answered_at',
  'application.submitted_at',
  'review.state as review_state',
  'issuance.id as issuance_id',
  'issuance.sha256',
  'issuance.serial',
  'issuance.issuer',
  'issuance.names',
  'issuance.common_name',
  'issuance.not_before',
  'issuance.not_after',
  'issuance.known_domain_type',
  'issuance.known_certificate_type',
  'issuance.known_brand',
  'entitlement.term_years',
  'entitlement.entitled_until',
  'entitlement.topped_up_days',
  'management.limit_minor',
  'management.currency as limit_currency',
  'management.jitter',
  'management.failed_code as managed_failed_code',
  'management.failed_detail as managed_failed_detail',
  'management.retry_at as managed_retry_at',
  'management.suggested_for',
  'management.suggested_from',
  'management.suggested_until',
  'management.suggested_at',
  'management.suggestion_page',
  'management.ask_ca_at',
  'renewal.id as renewal_id',
  'renewal.state as renewal_state',
  'renewal.new_certificate_id',
  'renewal.order_id as renewal_order_id',
  'renewal.created_at as renewal_created_at',
] as const

function recordQuery(db: Db | Trx) {
  return db
    .selectFrom('certificate')
    .leftJoin('order', (join) =>
      join.onRef('order.id', '=', 'certificate.order_id').onRef('order.account_id', SAME, 'certificate.account_id'),
    )
    .leftJoin('product', 'product.id', 'certificate.product_id')
    .leftJoin('issuer', 'issuer.id', 'product.issuer_id')
    .leftJoin('application', 'application.id', 'certificate.application_id')
    .leftJoin('review', 'review.application_id', 'application.id')
    .leftJoin('issuance', (join) =>
      join.onRef('issuance.id', '=', 'certificate.issuance_id').onRef('issuance.account_id', SAME, 'certificate.account_id'),
    )
    .leftJoin('entitlement', 'entitlement.certificate_id', 'certificate.id')
    .leftJoin('management', 'management.certificate_id', 'certificate.id')
    .leftJoin('renewal', (join) =>
      join.onRef('renewal.old_certificate_id', '=', 'certificate.id').on('renewal.state', '<>', sql.lit('cancelled')),
    )
    .select(RECORD_COLUMNS)
    .select((builder) => [
      builder
        .selectFrom('target')
        .whereRef('target.certificate_id', '=', 'certificate.id')
        .select((count) => count.fn.countAll<number>().as('count'))
        .as('target_count'),
      builder
        .selectFrom('endpoint')
        .whereRef('endpoint.certificate_id', '=', 'certificate.id')
        .select((count) => count.fn.countAll<number>().as('count'))
        .as('endpoint_count'),
      sql<boolean>`exists (select from certificate old where old.id = certificate.renews_certificate_id
        and old.account_id ${sql.raw(SAME)} certificate.account_id and old.closed_as is not null)`.as('is_old_gone'),
      // Of what is sold under the brand that an upload tells; null when nothing is.
      sql<boolean | null>`case when certificate.origin = 'uploaded' then (select bool_or(sold.supports_renewal) from product sold
        where sold.brand = issuance.known_brand and sold.retired_at is null) end`.as('known_brand_supports_renewal'),
      sql<string | null>`case when certificate.served_at is null then (select target.name from deployment d
          join target on target.id = d.target_id and target.account_id ${sql.raw(SAME)} d.account_id
        where d.certificate_id = certificate.id and d.issuance_id = certificate.issuance_id and d.state in ('failed', 'rolledBack')
          and d.retry_at is null
        order by target.name limit 1) end`.as('failed_target'),
      sql<CertificateRecord['stranger']>`case when certificate.served_at is null
          and certificate.probe_failures >= ${sql.lit(PROBES_BEFORE_ATTENTION)} then (
        select jsonb_build_object('cause', seen.cause, 'remedy', seen.remedy) from endpoint e
          join observation o on o.endpoint_id = e.id and o.certificate_id = e.certificate_id
          cross join lateral (values (o.verdict, o.sha256, o.cause, o.remedy),
            (o.other ->> 'verdict', o.other ->> 'sha256', o.other -> 'cause', o.other -> 'remedy')) as seen (verdict, sha256, cause, remedy)
        where e.certificate_id = certificate.id and seen.sha256 <> issuance.sha256
          and seen.verdict not in ('served', 'oldCertificate')
        order by e.id, o.address limit 1) end`.as('stranger'),
      sql<string | null>`${successorUpload('certificate.id')}`.as('successor_upload_id'),
      sql<HostKey | null>`case when application.csr is null and application.state in ('pendingValidation', 'inReview')
        then application.form -> 'hostKey' end`.as('awaited_key'),
      sql<Date | null>`case when application.csr is null and application.state in ('pendingValidation', 'inReview') then
        (select last_seen_at from agent where agent.account_id = application.account_id and agent.state = 'active'
          and agent.name = application.form -> 'hostKey' ->> 'agent') end`.as('agent_seen_at'),
      sql<string[]>`array(select tag from certificate_tag t where t.certificate_id = certificate.id order by tag)`.as('tags'),
    ])
}

type Row = Awaited<ReturnType<ReturnType<typeof recordQuery>['executeTakeFirstOrThrow']>>

const findRecord = workedOut(['accountId', 'id'], (db, { accountId, id }) =>
  recordQuery(db).where('certificate.account_id', '=', accountId).where('certificate.id', '=', id),
)

const findRecords = workedOut(['accountId', 'ids'], (db, { accountId, ids }) =>
  recordQuery(db)
    .where('certificate.account_id', '=', accountId)
    .where(sql<SqlBool>`certificate.id = any(${ids}::text[])`),
)

export async function findCertificate(db: Db | Trx, accountId: string, id: string): Promise<CertificateRecord | null> {
  const [row] = await findRecord(db, { accountId, id })
  return row === undefined ? null : toRecord(row)
}

/** Those of the account among them, by id. */
export async function findCertificates(
  db: Db,
  accountId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, CertificateRecord>> {
  if (ids.length === 0) return new Map()
  const rows = await findRecords(db, { accountId, ids })
  return new Map(rows.map((row) => [row.id, toRecord(row)]))
}

function toRecord(row: Row): CertificateRecord {
  const issuance = toIssuance(row)
  const specification = toSpecification(row)
  return {
    id: row.id,
    accountId: row.account_id,
    name: row.name,
    managed: row.managed,
    management: toManagement(row),
    productId: row.product_id,
    orderId: row.order_id,
    specification,
    readSpecification: row.origin === 'uploaded' ? toReadSpecification(row) : null,
    domainCount: row.domain_count,
    termYears: row.order_term_years,
    validityRule: row.validity_rule,
    renewsCertificateId: row.renews_certificate_id,
    isOldGone: row.is_old_gone,
    lineageId: row.lineage_id,
    lineageIndex: row.lineage_index,
    createdAt: toMs(row.created_at),
    servedAt: toMs(row.served_at),
    closedAt: toMs(row.closed_at),
    revocationConfirmedAt: toMs(row.revocation_confirmed_at),
    facts: {
      origin: row.origin,
      brand: specification?.brand ?? row.known_brand ?? '',
      brandSupportsRenewal: row.origin === 'uploaded' ? row.known_brand_supports_renewal : row.supports_renewal,
      closedAs: row.closed_as,
      revokedAt: toMs(row.revoked_at),
      revocationRequestedAt: toMs(row.revocation_requested_at),
      application: row.application_state === null ? null : { state: row.application_state },
      issuance,
      entitledUntil: toMs(row.entitled_until),
      liveRenewal: toLiveRenewal(row),
    },
    unpaidRenewal: toUnpaidRenewal(row),
    isReplaced: row.renewal_state === 'closed',
    application: toApplication(row),
    issuance,
    entitlement: toEntitlement(row),
    targetCount: Number(row.target_count ?? 0),
    endpointCount: Number(row.endpoint_count ?? 0),
    failedTarget: row.failed_target,
    stranger: row.stranger,
    tags: row.tags,
  }
}

/** An upload succeeds without an order, and so without a renewal: its link says it all. */
function toLiveRenewal(row: Row): RenewalFacts['liveRenewal'] {
  if (row.renewal_id !== null) return { renewalId: row.renewal_id, certificateId: row.new_certificate_id }
  return row.successor_upload_id === null ? null : { renewalId: null, certificateId: row.successor_upload_id }
}

function toUnpaidRenewal({
  renewal_order_id: orderId,
  new_certificate_id: newId,
  renewal_created_at: orderedAt,
}: Row): CertificateRecord['unpaidRenewal'] {
  return orderId === null || orderedAt === null || newId !== null ? null : { orderId, orderedAt: toMs(orderedAt) }
}

function toManagement(row: Row): ManagementFacts | null {
  const { limit_minor: limitMinor, limit_currency: currency, jitter } = row
  if (limitMinor === null || currency === null || jitter === null) return null
  const failure = { failedCode: row.managed_failed_code, failedDetail: row.managed_failed_detail }
  return { limitMinor, currency, jitter, ...failure, retryAt: toMs(row.managed_retry_at), ...toSuggestion(row) }
}

/** What was said of an earlier issuance is forgotten. */
function toSuggestion(row: Row): Pick<ManagementFacts, 'suggestion' | 'askCaAt'> {
  if (row.suggested_for !== row.issuance_id) return { suggestion: null, askCaAt: null }
  const [from, until, at] = [toMs(row.suggested_from), toMs(row.suggested_until), toMs(row.suggested_at)]
  const suggestion = from === null || until === null || at === null ? null : { from, until, at, page: row.suggestion_page }
  return { suggestion, askCaAt: toMs(row.ask_ca_at) }
}

function toSpecification(row: Row): Specification | null {
  const { domain_type: domainType, certificate_type: certificateType, grade, brand } = row
  if (domainType === null || certificateType === null || grade === null || brand === null) return null
  return { domainType, certificateType, grade, brand }
}

function toReadSpecification(row: Row): ReadSpecification {
  return {
    domainType: row.known_domain_type,
    certificateType: row.known_certificate_type,
    grade: null,
    brand: row.known_brand,
  }
}

function toApplication(row: Row): CertificateRecord['application'] {
  if (row.application_id === null) return null
  return {
    id: row.application_id,
    domains: row.identifiers ?? [],
    retryAt: toMs(row.retry_at),
    failedCode: row.failed_code,
    failedDetail: row.failed_detail,
    answered: row.answered_at !== null,
    submittedAt: toMs(row.submitted_at) ?? 0,
    awaitsReview: row.review_state === 'waiting',
    awaitsKey: row.awaited_key === null ? null : { ...row.awaited_key, agentSeenAt: toMs(row.agent_seen_at) },
  }
}

function toIssuance(row: Row): CertificateRecord['issuance'] {
  if (row.issuance_id === null || row.not_before === null || row.not_after === null) return null
  return {
    id: row.issuance_id,
    sha256: row.sha256 ?? '',
    serial: row.serial ?? '',
    issuer: row.issuer ?? '',
    names: row.names ?? [],
    commonName: row.common_name,
    notBefore: toMs(row.not_before),
    notAfter: toMs(row.not_after),
  }
}

function toEntitlement(row: Row): CertificateRecord['entitlement'] {
  if (row.entitled_until === null || row.term_years === null || row.topped_up_days === null) return null
  return { termYears: row.term_years, entitledUntil: toMs(row.entitled_until), toppedUpDays: row.topped_up_days }
}
