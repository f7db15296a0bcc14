/**
 * Downloads: a certificate as an archive for one kind of server (DOMAIN §5).
 *
 * @module
 */
import { isIssuedBy, loadPrivateKey, orderChain, parseChain, type CertificateFacts, type PrivateKey } from '@evercert/pki'
import {
  certificateFormat,
  downloadFormat,
  keyFormat,
  PROBLEM_TEXTS,
  type CertificateFormat,
  type DownloadOffer,
  type DownloadView,
  type KeyFormat,
} from '@evercert/contract'
import { findCertificate, type CertificateRecord } from '../db/certificates.ts'
import type { Db } from '../db/connect.ts'
import { recordHistory, type Trx } from '../db/transition.ts'
import { deriveStatus } from '../domain/certificate/derive-status.ts'
import { refuseDownload, type DownloadRefusal, type DownloadWish } from '../domain/download/decide-download.ts'
import { archiveName, planFiles, safeBaseName } from '../domain/download/file-names.ts'
import { AppError } from '../domain/errors.ts'
import { loadRules, mayTakeKeys, rulesChanged } from './approvals/rules.ts'
import { trustedRoots } from './catalogue.ts'
import { notFound, type Caller, type Services } from './context.ts'
import { packArchive } from './download-archive.ts'
import { FORMAT_TITLES } from './download-notes.ts'

/** The current issuance of a certificate, as far as downloads need it. */
interface Source {
  readonly record: CertificateRecord
  readonly baseName: string
  /** Leaf first; empty while nothing is issued. */
  readonly chain: readonly CertificateFacts[]
  readonly key: { readonly id: string; readonly secretId: string } | null
}

/** Every format, with what it would hold or why it is not available. @throws AppError `notFound` */
export async function listDownloadViews(services: Services, caller: Caller, id: string): Promise<DownloadView[]> {
  const source = await loadSource(services.db, caller, id)
  const root = await findRoot(services, source)
  const offer = (wish: DownloadWish): DownloadOffer => {
    const refusal = refusalOf(services, source, root, wish)
    return {
      available: refusal === null,
      files: planFiles(source.baseName, wish, hasIntermediates(source)).map(({ name }) => name),
      problem: refusal === null ? null : { code: refusal, text: PROBLEM_TEXTS[refusal].cause },
    }
  }
  return downloadFormat.options.map((format) => ({
    format,
    title: FORMAT_TITLES[format],
    archive: archiveName(source.baseName, format),
    certificateOnly: certificateFormat.safeParse(format).success ? offer({ format, withKey: false }) : null,
    withKey: keyFormat.safeParse(format).success ? offer({ format, withKey: true }) : null,
  }))
}

/**
 * The archive without a key, for uploads as well.
 *
 * @throws AppError `notFound`, `certificateNotIssued`, `certificateRevoked`, `rootUnknown`
 */
export async function downloadCertificate(
  services: Services,
  caller: Caller,
  id: string,
  format: CertificateFormat,
): Promise<File> {
  const source = await loadSource(services.db, caller, id)
  const root = format === 'root' ? await findRoot(services, source) : null
  const wish = { format, withKey: false }
  refuseIfNeeded(services, source, root, wish)
  return packArchive({ ...source, wish, root, key: null, now: services.now() })
}

/**
 * The archive with the private key, under a new password each time. That the key is given out is in the history before it leaves, also
 * when the answer then gets lost.
 *
 * @throws AppError `notFound`, `certificateNotIssued`, `certificateRevoked`, `keyNotDownloadable`, `keyNotStored`; `conflict`, stale, when the rules
 *   of the account are not those of the gate any more
 */
export async function downloadWithKey(
  services: Services,
  caller: Caller,
  { id, format, useApproval }: KeyDownload,
): Promise<File> {
  const wish = { format, withKey: true }
  const { source, key } = await services.db.transaction().execute(async (trx) => {
    const found = await loadSource(trx, caller, id)
    refuseIfNeeded(services, found, null, wish)
    const rules = await loadRules(trx, caller.accountId)
    if ((useApproval === null && rules.keyDownload) || !mayTakeKeys(caller, rules))
      throw rulesChanged(`Downloading the key of ${id}`)
    await useApproval?.(trx)
    return { source: found, key: await handOutKey(services, trx, { caller, source: found, format }) }
  })
  return packArchive({ ...source, wish, root: null, key, now: services.now() })
}

export interface KeyDownload {
  readonly id: string
  readonly format: KeyFormat
  /** Uses the second person's go-ahead, in the transaction that records the download; null: none is needed. */
  readonly useApproval: ((trx: Trx) => Promise<void>) | null
}

/** Which key a download would hand out. @throws AppError as {@link downloadWithKey} */
export async function describeKey(services: Services, db: Db | Trx, caller: Caller, id: string, format: KeyFormat) {
  const source = await loadSource(db, caller, id)
  refuseIfNeeded(services, source, null, { format, withKey: true })
  return { name: source.record.name, sha256: source.record.issuance?.sha256 ?? null, keyId: source.key?.id ?? null }
}

interface HandOut {
  readonly caller: Caller
  readonly source: Source
  readonly format: KeyFormat
}

async function handOutKey(services: Services, trx: Trx, { caller, source, format }: HandOut): Promise<PrivateKey> {
  const { record, key } = source
  if (key === null) throw new Error(`certificate ${record.id} has no key to hand out`)
  await recordHistory(trx, {
    accountId: caller.accountId,
    certificateId: record.id,
    subject: 'key',
    subjectId: key.id,
    fromState: null,
    toState: 'downloaded',
    actor: caller.actor,
    detail: `${format}, SHA-256 ${record.issuance?.sha256 ?? ''}`,
    now: services.now(),
  })
  return loadPrivateKey(await services.vault.open(trx, key.secretId, 'privateKey'))
}

async function loadSource(db: Db | Trx, caller: Caller, id: string): Promise<Source> {
  const record = await findCertificate(db, caller.accountId, id)
  if (record === null) throw notFound('certificate', id)
  const row =
    record.issuance === null
      ? undefined
      : await db
          .selectFrom('issuance')
          .leftJoin('private_key', (join) =>
            join
              .onRef('private_key.id', '=', 'issuance.private_key_id')
              .onRef('private_key.account_id', '=', 'issuance.account_id'),
          )
          .select(['issuance.chain_pem', 'private_key.id as key_id', 'private_key.secret_id'])
          .where('issuance.id', '=', record.issuance.id)
          .where('issuance.account_id', '=', caller.accountId)
          .executeTakeFirst()
  const { key_id: keyId = null, secret_id: secretId = null } = row ?? {}
  return {
    record,
    baseName: safeBaseName(record.name, ...(record.issuance?.names ?? []), record.id),
    chain: row === undefined ? [] : parseChain(row.chain_pem),
    key: keyId === null || secretId === null ? null : { id: keyId, secretId },
  }
}

/** The self-signed certificate that ends the chain: in it, or one of the issuer's. Null when neither has it. */
async function findRoot(services: Services, { record, chain }: Source): Promise<CertificateFacts | null> {
  const known = await rootsOfIssuer(services, record.productId)
  const last = orderChain([...chain, ...known]).ordered.at(-1)
  return last !== undefined && isIssuedBy(last, last) ? last : null
}

async function rootsOfIssuer(services: Services, productId: string | null): Promise<readonly CertificateFacts[]> {
  if (productId === null) return []
  const product = await services.db.selectFrom('product').select('issuer_id').where('id', '=', productId).executeTakeFirst()
  const roots = product === undefined ? [] : await trustedRoots(services, product.issuer_id)
  return roots.flatMap((pem) => parseChain(pem))
}

function hasIntermediates({ chain }: Source): boolean {
  return chain.length > 1
}

function refusalOf(
  services: Pick<Services, 'now' | 'policy'>,
  { record, key }: Source,
  root: CertificateFacts | null,
  wish: DownloadWish,
): DownloadRefusal | null {
  const status = deriveStatus(record.facts, services.now(), services.policy)
  const { origin } = record.facts
  return refuseDownload({ status, origin, keyStored: key !== null, rootKnown: root !== null }, wish)
}

const REFUSALS: Readonly<Record<DownloadRefusal, string>> = {
  certificateNotIssued: 'it is not issued: finish its application first',
  certificateRevoked: 'it is revoked, or about to be: buy a new one',
  keyNotDownloadable: 'it was uploaded, and an uploaded key is not given out: download the certificate without it',
  keyNotStored: 'its CSR was made elsewhere, and so was its key: download the certificate without it',
  rootUnknown: 'neither its chain nor its issuer says the root: take it from the CA',
}

function refuseIfNeeded(services: Services, source: Source, root: CertificateFacts | null, wish: DownloadWish): void {
  const refusal = refusalOf(services, source, root, wish)
  if (refusal === null) return
  const { record } = source
  const what = `${wish.format}${wish.withKey ? ' with its key' : ''}`
  throw new AppError(refusal, `Downloading ${record.name} (${record.id}) as ${what}: ${REFUSALS[refusal]}.`)
}
