/**
 * Certificates as the API shows them, and what is stored of an issuance.
 *
 * @module
 */
import type { CertificateFacts, PrivateKey } from '@evercert/pki'
import type { CertificateDetail, CertificateView, FinishEstimateView } from '@evercert/contract'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import { writeLater } from '../db/later.ts'
import type { Trx } from '../db/transition.ts'
import { decideRenewal } from '../domain/certificate/decide-renewal.ts'
import { deriveStatus } from '../domain/certificate/derive-status.ts'
import { windowOpensAt } from '../domain/certificate/window.ts'
import { DAY_MS, utcDayNumber } from '../domain/time.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'
import { listEndpointViews } from './endpoints.ts'
import { estimateOf } from './estimates.ts'
import { listHistory } from './history.ts'
import { listIssuances } from './issuances.ts'
import { loadLineage } from './lineage.ts'
import { describeEarlyStep, describeHostKeyStep, describeNextStep } from './next-step-view.ts'
import { foreseeManaged } from './managed-foresight.ts'
import { describeManagedStep, toManagementView, type Foreseen } from './management-view.ts'
import { ipAddressesOf, loadChain } from './not-carried-over.ts'
import { loadRenewalOf } from './renewals.ts'
import { loadRevocationCheck } from './revocation-checks/view.ts'
import { listTargetViews } from './target-views.ts'
import { reasonText, STATUS_TEXTS, toIsoFacts } from './texts.ts'

/** @throws AppError `notFound` */
export async function loadCertificate(services: Services, caller: Caller, id: string): Promise<CertificateRecord> {
  const record = await findCertificate(services.db, caller.accountId, id)
  if (record === null) throw notFound('certificate', id)
  return record
}

/** How much of the timeline the certificate itself shows; the whole of it is an operation of its own. */
const HISTORY_SHOWN = 200

/** @throws AppError `notFound` */
export async function loadCertificateDetail(services: Services, caller: Caller, id: string): Promise<CertificateDetail> {
  const record = await loadCertificate(services, caller, id)
  const [chainPem, issuances, renewalProcess, lineage, targets, endpoints, history, revocationCheck] = await Promise.all([
    loadChain(services.db, record),
    listIssuances(services, record),
    loadRenewalOf(services, caller, record.id),
    loadLineage(services, caller, record),
    listTargetViews(services, caller, record.id),
    listEndpointViews(services, caller, record.id),
    listHistory(services, caller, record.id, { limit: HISTORY_SHOWN }),
    loadRevocationCheck(services, record.accountId, record.issuance?.sha256 ?? null),
  ])
  const foreseen = await foreseeManaged(services, services.db, [record])
  const view = toCertificateView(services, record, foreseen.get(record.id) ?? null)
  const { items } = history
  const ipAddresses = ipAddressesOf(record, chainPem)
  return {
    ...view,
    revocationCheck,
    ipAddresses,
    chainPem,
    issuances,
    renewalProcess,
    lineage,
    targets,
    endpoints,
    history: items,
  }
}

/** Facts and the clock become what people see. @param foreseen see {@link foreseeManaged} */
export function toCertificateView(
  services: Pick<Services, 'now' | 'policy' | 'calendar'>,
  record: CertificateRecord,
  foreseen: Foreseen | null,
): CertificateView {
  const now = services.now()
  const status = deriveStatus(record.facts, now, services.policy)
  const decision = decideRenewal(record.facts, now, services.policy)
  const management = toManagementView(services, record, foreseen)
  const { issuance } = record
  const estimate = toEstimate(services, record)
  return {
    id: record.id,
    name: record.name,
    origin: record.facts.origin,
    managed: record.managed,
    management,
    status,
    statusText: STATUS_TEXTS[status],
    domains: domainsOf(record),
    tags: [...record.tags],
    productId: record.productId,
    specification: record.specification,
    knownSpecification: record.specification ?? record.readSpecification,
    ...toIssuanceView(issuance, now),
    isNew: record.renewsCertificateId !== null && !record.isOldGone,
    renewsCertificateId: record.renewsCertificateId,
    renewedByCertificateId: record.facts.liveRenewal?.certificateId ?? null,
    orderId: record.orderId,
    entitlement: toEntitlementView(record),
    renewal: {
      eligible: decision.eligible,
      action: decision.action,
      reasons: decision.reasons.map((reason) => ({
        code: reason.code,
        text: reasonText(reason),
        facts: toIsoFacts(reason.facts),
      })),
      opensAt: toIso(decision.opensAt),
      daysUntilOpen: decision.daysUntilOpen,
    },
    nextStep:
      describeHostKeyStep(record, now) ??
      describeManagedStep(management, record, status) ??
      describeEarlyStep(record, status, now) ??
      describeNextStep(record, status, decision, estimate),
    estimate,
    servedAt: toIso(record.servedAt),
    createdAt: new Date(record.createdAt).toISOString(),
  }
}

function toEstimate(services: Pick<Services, 'calendar'>, record: CertificateRecord): FinishEstimateView | null {
  const { application, facts, specification } = record
  if (application === null || facts.application === null) return null
  const { submittedAt } = application
  return estimateOf(services, specification?.certificateType ?? null, { state: facts.application.state, submittedAt })
}

const NOT_ISSUED = { sha256: null, serial: null, issuer: null, notBefore: null, notAfter: null, daysLeft: null }

function toIssuanceView(issuance: CertificateRecord['issuance'], now: number) {
  if (issuance === null) return NOT_ISSUED
  return {
    sha256: issuance.sha256,
    serial: issuance.serial,
    issuer: issuance.issuer,
    notBefore: new Date(issuance.notBefore).toISOString(),
    notAfter: new Date(issuance.notAfter).toISOString(),
    daysLeft: Math.floor((issuance.notAfter - now) / DAY_MS),
  }
}

function domainsOf(record: CertificateRecord): string[] {
  return [...(record.issuance?.names ?? record.application?.domains ?? [])]
}

function toEntitlementView(record: CertificateRecord): CertificateView['entitlement'] {
  const { entitlement, issuance } = record
  const endedAt = record.facts.revokedAt ?? record.closedAt
  if (entitlement === null) return null
  const { termYears, toppedUpDays } = entitlement
  const entitledUntil = new Date(entitlement.entitledUntil).toISOString()
  if (endedAt !== null) return { termYears, entitledUntil, toppedUpDays, shortfallDays: 0, endedAt: toIso(endedAt) }
  if (issuance === null) return null
  const shortfallDays = Math.max(0, utcDayNumber(entitlement.entitledUntil) - utcDayNumber(issuance.notAfter + 1000))
  return { termYears, entitledUntil, toppedUpDays, shortfallDays, endedAt: null }
}

function toIso(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString()
}

/** Encrypts and stores a private key. @returns its id */
export async function storePrivateKey(services: Services, trx: Trx, accountId: string, key: PrivateKey): Promise<string> {
  const now = services.now()
  const secretId = await services.vault.seal(trx, { purpose: 'privateKey', accountId, plaintext: key.pkcs8Pem, now })
  const id = newId(services, 'key')
  const row = {
    id,
    account_id: accountId,
    algorithm: key.algorithm,
    spki_sha256: key.spkiSha256,
    secret_id: secretId,
    created_at: new Date(now),
  }
  await writeLater(trx, trx.insertInto('private_key').values(row))
  return id
}

export interface NewIssuance {
  readonly accountId: string
  readonly certificateId: string
  readonly applicationId: string | null
  readonly privateKeyId: string | null
  readonly leaf: CertificateFacts
  readonly chainPem: string
}

/** Stores an issued certificate. @returns its id */
export async function insertIssuance(services: Services, trx: Trx, issuance: NewIssuance): Promise<string> {
  const { leaf } = issuance
  const id = newId(services, 'iss')
  await writeLater(
    trx,
    trx.insertInto('issuance').values({
      id,
      account_id: issuance.accountId,
      certificate_id: issuance.certificateId,
      application_id: issuance.applicationId,
      private_key_id: issuance.privateKeyId,
      sha256: leaf.sha256,
      serial: leaf.serialHex,
      issuer: leaf.issuer,
      names: [...leaf.names],
      common_name: leaf.commonName,
      spki_sha256: leaf.spkiSha256,
      not_before: new Date(leaf.notBefore),
      not_after: new Date(leaf.notAfter),
      window_opens_at: new Date(windowOpensAt(leaf, services.policy)),
      chain_pem: issuance.chainPem,
      created_at: new Date(services.now()),
    }),
  )
  return id
}
