/**
 * Checked uploads become rows: all of a batch in one transaction and a fixed number of statements.
 *
 * @module
 */
import { sql } from 'kysely'
import { isBulk, skipReferenceChecks } from '../../db/bulk.ts'
import { listUploads } from '../../db/listed-uploads.ts'
import type { Trx } from '../../db/transition.ts'
import { windowOpensAt, type RenewalPolicy } from '../../domain/certificate/window.ts'
import { AppError } from '../../domain/errors.ts'
import { lockNames } from '../certificate-rows.ts'
import { newIds, type Caller, type Services } from '../context.ts'
import { StaleSecrets, type PreparedSecret } from '../vault.ts'
import { lockPredecessors, recordSuccessions, refuseSuccession, takePlace, type Place } from './predecessors.ts'
import type { CheckedUpload } from './read-upload.ts'

/** The new certificate's id, or why the upload is refused. */
export type Stored = { readonly certificateId: string } | AppError

/** With its key sealed, which takes its time and needs no transaction. */
export interface SealedUpload extends CheckedUpload {
  readonly sealedKey: PreparedSecret
}

interface NewUpload extends SealedUpload {
  readonly id: string
  readonly place: Place
}

/** More rotations than this do not happen while one transaction runs. */
const SEALED_TIMES = 3

/** Seals before the transaction that stores, and anew when the master key changed meanwhile. */
export async function withSealedKeys<Result>(
  services: Services,
  uploads: readonly CheckedUpload[],
  storeSealed: (sealed: readonly SealedUpload[]) => Promise<Result>,
): Promise<Result> {
  for (let time = 1; ; time += 1) {
    const sealed = await sealKeys(services, uploads)
    try {
      return await storeSealed(sealed)
    } catch (error) {
      if (!(error instanceof StaleSecrets) || time === SEALED_TIMES) throw error
    }
  }
}

async function sealKeys({ vault, now }: Services, uploads: readonly CheckedUpload[]): Promise<SealedUpload[]> {
  const plaintexts = uploads.map(({ key }) => key.pkcs8Pem)
  const sealed = await vault.prepareMany({ purpose: 'privateKey', plaintexts, now: now() })
  return sealed.map((sealedKey, index) => ({ ...(uploads[index] as CheckedUpload), sealedKey }))
}

/**
 * Stores what is not here already, by name and by fingerprint, inside the batch too: of two that are equal the first is kept.
 *
 * @returns for each upload, in their order, what became of it
 */
export async function storeUploads(
  services: Services,
  trx: Trx,
  caller: Caller,
  uploads: readonly SealedUpload[],
): Promise<Stored[]> {
  if (uploads.length === 0) return []
  const taken = await loadTaken(trx, caller.accountId, uploads)
  const predecessors = await lockPredecessors(trx, caller.accountId, uploads)
  const fresh: NewUpload[] = []
  const certificateIds = newIds(services, 'crt', uploads.length)
  const results = uploads.map((upload, index): Stored => {
    const refusal = refuseDuplicate(upload, taken) ?? refuseSuccession(upload, predecessors)
    if (refusal !== null) return refusal
    const id = certificateIds[index] ?? ''
    taken.names.set(upload.name, id)
    taken.fingerprints.set(upload.leaf.sha256, id)
    fresh.push({ ...upload, id, place: takePlace(id, upload, predecessors) })
    return { certificateId: id }
  })
  if (fresh.length > 0) await insertAll(services, trx, caller, fresh)
  return results
}

/** Certificate ids by what is taken. */
interface Taken {
  readonly names: Map<string, string>
  readonly fingerprints: Map<string, string>
}

async function loadTaken(trx: Trx, accountId: string, uploads: readonly CheckedUpload[]): Promise<Taken> {
  await lockNames(trx, accountId)
  const names = await sql<{ name: string; id: string }>`select name, id from certificate
    where account_id = ${accountId} and closed_as is null and name = any(${uploads.map(({ name }) => name)}::text[])`.execute(trx)
  const fingerprints = await sql<{ sha256: string; certificate_id: string }>`select sha256, certificate_id from issuance
    where account_id = ${accountId} and sha256 = any(${uploads.map(({ leaf }) => leaf.sha256)}::text[])`.execute(trx)
  return {
    names: new Map(names.rows.map((row) => [row.name, row.id])),
    fingerprints: new Map(fingerprints.rows.map((row) => [row.sha256, row.certificate_id])),
  }
}

function refuseDuplicate({ name, leaf }: CheckedUpload, { names, fingerprints }: Taken): AppError | null {
  const sameName = names.get(name)
  const same = fingerprints.get(leaf.sha256)
  if (same !== undefined) {
    return new AppError('duplicateCertificate', `Uploading ${name}: it is here already as ${same}.`, {
      facts: { certificateId: same },
    })
  }
  if (sameName === undefined) return null
  return new AppError('duplicateName', `Uploading ${name}: another certificate has this name: choose another.`, {
    facts: { certificateId: sameName },
  })
}

async function insertAll(services: Services, trx: Trx, caller: Caller, uploads: readonly NewUpload[]): Promise<void> {
  const { accountId, actor } = caller
  const now = services.now()
  const inBulk = isBulk(uploads.length)
  if (inBulk) await skipReferenceChecks(services.database, trx)
  const secretIds = await services.vault.storeMany(trx, {
    purpose: 'privateKey',
    accountId,
    prepared: uploads.map(({ sealedKey }) => sealedKey),
    now,
  })
  const issuanceIds = newIds(services, 'iss', uploads.length)
  const keyIds = newIds(services, 'key', uploads.length)
  const ids = uploads.map((upload, index) => ({
    certificateId: upload.id,
    issuanceId: issuanceIds[index] ?? '',
    keyId: keyIds[index] ?? '',
    secretId: secretIds[index] ?? '',
  }))
  const batch: Batch = { accountId, actor, at: new Date(now), uploads, ids }
  await insertCertificates(trx, batch)
  await insertKeys(trx, batch)
  await insertIssuances(trx, batch, services.policy)
  await insertHistory(trx, batch)
  await recordSuccessions(trx, caller, { at: batch.at, places: uploads.map(({ id, place }) => ({ id, ...place })) })
  if (inBulk)
    await listUploads(
      trx,
      accountId,
      uploads.map(({ id, place, name, leaf, specification }) => ({
        ...leaf,
        brand: specification.brand,
        certificateId: id,
        lineageId: place.lineageId,
        name,
        windowOpensAt: windowOpensAt(leaf, services.policy),
      })),
    )
}

/** Columns go as arrays: one text for batches of any size, so that the database keeps its plan. */
interface Batch {
  readonly accountId: string
  readonly actor: string
  readonly at: Date
  readonly uploads: readonly NewUpload[]
  /** Of the rows of each upload. */
  readonly ids: readonly {
    readonly certificateId: string
    readonly issuanceId: string
    readonly keyId: string
    readonly secretId: string
  }[]
}

/** Their issuances come after them, so the first look for notices is set here: when the longest lead can begin (0006-notices.ts). */
async function insertCertificates(trx: Trx, { accountId, at, uploads, ids }: Batch): Promise<void> {
  await sql`insert into certificate (id, account_id, name, origin, renews_certificate_id, lineage_id, lineage_index, issuance_id,
      created_at, next_notice_at)
    select id, ${accountId}, name, 'uploaded', old_id, lineage_id, lineage_index, issuance_id,
      ${at}::timestamptz, not_after - interval '2184 hours'
    from unnest(${ids.map((id) => id.certificateId)}::text[], ${uploads.map(({ name }) => name)}::text[],
      ${uploads.map(({ place }) => place.renewsCertificateId)}::text[], ${uploads.map(({ place }) => place.lineageId)}::text[],
      ${uploads.map(({ place }) => place.lineageIndex)}::int[],
      ${ids.map((id) => id.issuanceId)}::text[], ${uploads.map(({ leaf }) => iso(leaf.notAfter))}::timestamptz[])
      as row (id, name, old_id, lineage_id, lineage_index, issuance_id, not_after)`.execute(trx)
}

async function insertKeys(trx: Trx, { accountId, at, uploads, ids }: Batch): Promise<void> {
  await sql`insert into private_key (id, account_id, algorithm, spki_sha256, secret_id, created_at)
    select id, ${accountId}, algorithm, spki_sha256, secret_id, ${at}::timestamptz
    from unnest(${ids.map((id) => id.keyId)}::text[], ${uploads.map(({ key }) => key.algorithm)}::text[],
      ${uploads.map(({ key }) => key.spkiSha256)}::text[], ${ids.map((id) => id.secretId)}::text[])
      as row (id, algorithm, spki_sha256, secret_id)`.execute(trx)
}

async function insertIssuances(trx: Trx, { accountId, at, uploads, ids }: Batch, policy: RenewalPolicy): Promise<void> {
  const leaf = <Value>(read: (facts: CheckedUpload['leaf']) => Value): Value[] => uploads.map((upload) => read(upload.leaf))
  const known = <Value>(read: (facts: CheckedUpload['specification']) => Value): Value[] =>
    uploads.map(({ specification }) => read(specification))
  await sql`insert into issuance (id, account_id, certificate_id, private_key_id, sha256, serial, issuer, names, common_name,
      spki_sha256, not_before, not_after, window_opens_at, chain_pem, known_domain_type, known_certificate_type, known_brand,
      created_at)
    select id, ${accountId}, certificate_id, key_id, sha256, serial, issuer, string_to_array(names, ' '), common_name,
      spki_sha256, not_before, not_after, window_opens_at, chain_pem, domain_type, certificate_type, brand, ${at}::timestamptz
    from unnest(${ids.map((id) => id.issuanceId)}::text[], ${ids.map((id) => id.certificateId)}::text[],
      ${ids.map((id) => id.keyId)}::text[], ${leaf(({ sha256 }) => sha256)}::text[],
      ${leaf(({ serialHex }) => serialHex)}::text[], ${leaf(({ issuer }) => issuer)}::text[],
      ${leaf(({ names }) => names.join(' '))}::text[], ${leaf(({ commonName }) => commonName)}::text[],
      ${leaf(({ spkiSha256 }) => spkiSha256)}::text[], ${leaf(({ notBefore }) => iso(notBefore))}::timestamptz[],
      ${leaf(({ notAfter }) => iso(notAfter))}::timestamptz[],
      ${leaf((facts) => iso(windowOpensAt(facts, policy)))}::timestamptz[],
      ${uploads.map(({ chainPem }) => chainPem)}::text[], ${known(({ domainType }) => domainType)}::text[],
      ${known(({ certificateType }) => certificateType)}::text[], ${known(({ brand }) => brand)}::text[])
      as row (id, certificate_id, key_id, sha256, serial, issuer, names, common_name, spki_sha256, not_before, not_after,
        window_opens_at, chain_pem, domain_type, certificate_type, brand)`.execute(trx)
}

async function insertHistory(trx: Trx, { accountId, actor, at, uploads, ids }: Batch): Promise<void> {
  await sql`insert into history (account_id, certificate_id, subject, subject_id, to_state, actor, detail, at)
    select ${accountId}, id, 'certificate', id, 'uploaded', ${actor}, detail, ${at}::timestamptz
    from unnest(${ids.map((id) => id.certificateId)}::text[],
      ${uploads.map(detailOf)}::text[]) as row (id, detail)`.execute(trx)
}

function detailOf({ leaf, place }: NewUpload): string {
  const { renewsCertificateId } = place
  return `SHA-256 ${leaf.sha256}${renewsCertificateId === null ? '' : `; renews ${renewsCertificateId}`}`
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}
