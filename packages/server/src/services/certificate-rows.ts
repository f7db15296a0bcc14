/**
 * New rows of the certificate list, from a payment or an upload.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Trx } from '../db/transition.ts'

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

export async function insertCertificateRow(trx: Trx, certificate: NewCertificate): Promise<void> {
  await trx
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
    .execute()
}

/**
 * Whether another certificate of the account has the name. Who asks may take it: others who ask wait until this transaction ends.
 *
 * @returns its id, or null
 */
export async function findByName(trx: Trx, accountId: string, name: string): Promise<string | null> {
  await sql`select id from account where id = ${accountId} for no key update`.execute(trx)
  const row = await trx
    .selectFrom('certificate')
    .select('id')
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .where('closed_as', 'is', null)
    .executeTakeFirst()
  return row?.id ?? null
}
