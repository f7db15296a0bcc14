/**
 * New rows of the certificate list, from a payment or an upload.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { Db } from '../db/connect.ts'
import { writeLater, type Refusal } from '../db/later.ts'
import { insertWithHistory, type HistoryEntry, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'

export interface NewCertificate {
  readonly id: string
  readonly accountId: string
  readonly name: string
  readonly origin: 'purchased' | 'uploaded'
  readonly productId: string | null
  readonly orderId: string | null
  readonly renewsCertificateId: string | null
  /** The first certificate of the chain of renewals, and the place in that chain: a renewal is listed directly under its predecessor. */
  readonly lineageId: string
  readonly lineageIndex: number
  readonly now: number
}

/** With its line of the timeline. @throws as `writeLater` says */
export async function insertCertificateRow(
  trx: Trx,
  certificate: NewCertificate,
  entry: Pick<HistoryEntry, 'actor' | 'toState' | 'detail'>,
  refusal?: Refusal,
): Promise<void> {
  const insert = trx
    .insertInto('certificate')
    .values({
      id: certificate.id,
      account_id: certificate.accountId,
      name: certificate.name,
      origin: certificate.origin,
      product_id: certificate.productId,
      order_id: certificate.orderId,
      renews_certificate_id: certificate.renewsCertificateId,
      lineage_id: certificate.lineageId,
      lineage_index: certificate.lineageIndex,
      closed_as: null,
      revocation_requested_at: null,
      revoked_at: null,
      application_id: null,
      issuance_id: null,
      served_at: null,
      probe_due_at: null,
      advance_at: null,
      created_at: new Date(certificate.now),
    })
    .returning('id')
  const { accountId, id, now } = certificate
  const named = { ...entry, accountId, certificateId: id, subject: 'certificate', subjectId: id, now }
  await insertWithHistory(trx, insert, named, refusal)
}

/**
 * Who looks whether names are free may take them: others who look wait until this transaction ends.
 *
 * @param accountId or an expression for it; null locks nothing
 */
export async function lockNames(trx: Trx, accountId: string | RawBuilder<string | null>): Promise<void> {
  await writeLater(trx, sql`select id from account where id = ${accountId} for no key update`.compile(trx))
}

/**
 * Whether another certificate of the account has the name. Takes {@link lockNames}.
 *
 * @returns its id, or null
 */
export async function findByName(trx: Trx, accountId: string, name: string): Promise<string | null> {
  await lockNames(trx, accountId)
  return findNamed(trx, accountId, name)
}

/** The same for a look that holds nobody up: the index `certificate_name` refuses who comes second. */
export async function findNamed(db: Db | Trx, accountId: string, name: string): Promise<string | null> {
  const row = await db
    .selectFrom('certificate')
    .select('id')
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .where('closed_as', 'is', null)
    .executeTakeFirst()
  return row?.id ?? null
}

export interface NewestIssued {
  readonly id: string
  readonly issuanceId: string | null
  /** Revoked, cancelled, refunded or deleted. */
  readonly hasEnded: boolean
}

/** @throws AppError `alreadyEnded`: nothing is installed or proved for a certificate that ended before its time */
export function refuseIfEnded(certificate: NewestIssued): void {
  if (!certificate.hasEnded) return
  throw new AppError('alreadyEnded', `Adding to ${certificate.id}: it was revoked or closed: name another certificate.`)
}

/**
 * The certificate that a new target or endpoint belongs to: the one named, or the newest issued one that renews it. Locked, so that a
 * renewal that is being issued comes before or after, and takes nothing over in between.
 *
 * @returns null when the account has no such certificate
 */
export async function lockNewestIssued(trx: Trx, accountId: string, certificateId: string): Promise<NewestIssued | null> {
  const { rows } = await sql<{
    id: string
    issuance_id: string | null
    has_ended: boolean
  }>`select id, issuance_id, closed_as is not null or revoked_at is not null as has_ended from certificate
    where id = ${certificateId} and account_id = ${accountId} for update`.execute(trx)
  const [row] = rows
  if (row === undefined) return null
  const successor = await trx
    .selectFrom('certificate')
    .select('id')
    .where('account_id', '=', accountId)
    .where('renews_certificate_id', '=', certificateId)
    .where('issuance_id', 'is not', null)
    .where('closed_as', 'is', null)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (successor === undefined) return { id: row.id, issuanceId: row.issuance_id, hasEnded: row.has_ended }
  return lockNewestIssued(trx, accountId, successor.id)
}
