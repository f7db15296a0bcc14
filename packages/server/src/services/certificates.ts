/**
 * Certificates as the API shows them, and uploads.
 *
 * @module
 */
import { keyMatches, loadPrivateKey, orderChain, parseChain, toPem, type CertificateFacts, type PrivateKey } from '@evercert/pki'
import type { CertificateDetail, CertificateView } from '@evercert/contract'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import { recordHistory, type Trx } from '../db/transition.ts'
import { decideRenewal } from '../domain/certificate/decide-renewal.ts'
import { deriveStatus } from '../domain/certificate/derive-status.ts'
import { windowOpensAt } from '../domain/certificate/window.ts'
import { AppError } from '../domain/errors.ts'
import { DAY_MS, utcDayNumber } from '../domain/time.ts'
import { findByName, insertCertificateRow } from './certificate-rows.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'
import { listEndpointViews } from './endpoints.ts'
import { listHistory } from './history.ts'
import { describeNextStep } from './next-step-view.ts'
import { readPki } from './read-pki.ts'
import { loadRenewalOf } from './renewals.ts'
import { listTargetViews } from './targets.ts'
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
  const [chainPem, renewalProcess, targets, endpoints, history] = await Promise.all([
    loadChain(services, record),
    loadRenewalOf(services, caller, record.id),
    listTargetViews(services, caller, record.id),
    listEndpointViews(services, caller, record.id),
    listHistory(services, caller, record.id, { limit: HISTORY_SHOWN }),
  ])
  return { ...toCertificateView(services, record), chainPem, renewalProcess, targets, endpoints, history: history.items }
}

async function loadChain(services: Services, record: CertificateRecord): Promise<string | null> {
  if (record.issuance === null) return null
  const row = await services.db
    .selectFrom('issuance')
    .select('chain_pem')
    .where('id', '=', record.issuance.id)
    .where('account_id', '=', record.accountId)
    .executeTakeFirst()
  return row?.chain_pem ?? null
}

/** Facts and the clock become what people see. */
export function toCertificateView(services: Pick<Services, 'now' | 'policy'>, record: CertificateRecord): CertificateView {
  const now = services.now()
  const status = deriveStatus(record.facts, now, services.policy)
  const decision = decideRenewal(record.facts, now, services.policy)
  const { issuance } = record
  return {
    id: record.id,
    name: record.name,
    origin: record.facts.origin,
    managed: record.managed,
    status,
    statusText: STATUS_TEXTS[status],
    domains: domainsOf(record),
    tags: [...record.tags],
    productId: record.productId,
    specification: record.specification,
    ...toIssuanceView(issuance, now),
    isNew: record.renewsCertificateId !== null,
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
    nextStep: describeNextStep(record, status, decision),
    servedAt: toIso(record.servedAt),
    createdAt: new Date(record.createdAt).toISOString(),
  }
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

export interface Upload {
  readonly name: string
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/**
 * Keeps a certificate that was bought elsewhere (DOMAIN §5).
 *
 * @throws AppError `badCertificate`, `badKey`, `keyMismatch`, `certificateExpired`, `duplicateCertificate`, `duplicateName`
 */
export async function uploadCertificate(services: Services, caller: Caller, upload: Upload): Promise<CertificateDetail> {
  const { chain, leaf } = readChain(upload.certificatePem)
  const key = readPki('badKey', () => loadPrivateKey(upload.privateKeyPem))
  if (!keyMatches(leaf, key)) {
    throw new AppError(
      'keyMismatch',
      `Uploading ${upload.name}: the private key is another certificate's: send the one that belongs to it.`,
    )
  }
  const now = services.now()
  if (leaf.notAfter <= now) {
    throw new AppError(
      'certificateExpired',
      `Uploading ${upload.name}: it expired on ${new Date(leaf.notAfter).toISOString()}: nothing is left to manage.`,
    )
  }
  const id = newId(services, 'crt')
  await services.db.transaction().execute((trx) => insertUpload(services, trx, { caller, upload, chain, leaf, key, id, now }))
  return loadCertificateDetail(services, caller, id)
}

function readChain(pem: string): { chain: readonly CertificateFacts[]; leaf: CertificateFacts } {
  const chain = readPki('badCertificate', () => parseChain(pem))
  const [leaf] = chain
  if (leaf === undefined)
    throw new AppError('badCertificate', 'Reading the certificate: there is none in the text: paste the PEM.')
  if (leaf.isCa)
    throw new AppError('badCertificate', 'Reading the certificate: the first one is a CA: put the server certificate first.')
  const { ordered, extra } = orderChain(chain)
  const [stranger] = extra
  if (stranger !== undefined) {
    const name = stranger.commonName ?? stranger.subject
    throw new AppError('badCertificate', `Reading the chain: "${name}" does not belong to it or is there twice: leave it out.`)
  }
  if (ordered.some((certificate, index) => certificate !== chain[index]))
    throw new AppError('badCertificate', 'Reading the chain: it is not in order: put the leaf first, then each issuer.')
  return { chain, leaf }
}

interface UploadFacts {
  readonly caller: Caller
  readonly upload: Upload
  readonly chain: readonly CertificateFacts[]
  readonly leaf: CertificateFacts
  readonly key: PrivateKey
  readonly id: string
  readonly now: number
}

async function insertUpload(services: Services, trx: Trx, facts: UploadFacts): Promise<void> {
  const { caller, upload, leaf, id, now } = facts
  await refuseDuplicates(trx, facts)
  await insertCertificateRow(trx, {
    id,
    accountId: caller.accountId,
    name: upload.name,
    origin: 'uploaded',
    productId: null,
    orderId: null,
    renewsCertificateId: null,
    lineageId: id,
    lineageIndex: 0,
    now,
  })
  const keyId = await storePrivateKey(services, trx, caller.accountId, facts.key)
  const issuanceId = await insertIssuance(services, trx, {
    accountId: caller.accountId,
    certificateId: id,
    applicationId: null,
    privateKeyId: keyId,
    leaf,
    chainPem: facts.chain.map(({ der }) => toPem(der, 'CERTIFICATE')).join(''), // without what stood between the blocks
  })
  await trx.updateTable('certificate').set({ issuance_id: issuanceId }).where('id', '=', id).execute()
  await recordHistory(trx, {
    accountId: caller.accountId,
    certificateId: id,
    subject: 'certificate',
    subjectId: id,
    fromState: null,
    toState: 'uploaded',
    actor: caller.actor,
    detail: `SHA-256 ${leaf.sha256}`,
    now,
  })
}

async function refuseDuplicates(trx: Trx, { caller, upload, leaf }: UploadFacts): Promise<void> {
  const sameName = await findByName(trx, caller.accountId, upload.name)
  if (sameName !== null) {
    throw new AppError('duplicateName', `Uploading ${upload.name}: another certificate has this name: choose another.`, {
      facts: { certificateId: sameName },
    })
  }
  const same = await trx
    .selectFrom('issuance')
    .select('certificate_id')
    .where('account_id', '=', caller.accountId)
    .where('sha256', '=', leaf.sha256)
    .executeTakeFirst()
  if (same === undefined) return
  throw new AppError('duplicateCertificate', `Uploading ${upload.name}: it is here already as ${same.certificate_id}.`, {
    facts: { certificateId: same.certificate_id },
  })
}

/** Encrypts and stores a private key. @returns its id */
export async function storePrivateKey(services: Services, trx: Trx, accountId: string, key: PrivateKey): Promise<string> {
  const now = services.now()
  const secretId = await services.vault.seal(trx, { purpose: 'privateKey', accountId, plaintext: key.pkcs8Pem, now })
  const id = newId(services, 'key')
  await trx
    .insertInto('private_key')
    .values({
      id,
      account_id: accountId,
      algorithm: key.algorithm,
      spki_sha256: key.spkiSha256,
      secret_id: secretId,
      created_at: new Date(now),
    })
    .execute()
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
  await trx
    .insertInto('issuance')
    .values({
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
    })
    .execute()
  return id
}
