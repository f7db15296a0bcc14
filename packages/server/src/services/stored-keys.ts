/**
 * The end of stored private keys.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Trx } from '../db/transition.ts'

/**
 * Destroys every stored key of a certificate for good: the row of the encrypted key is deleted with the data key that opens it. A key that
 * another certificate uses too stays, and so does that of a stored CSR that nothing was issued for. @returns how many were destroyed
 */
export async function destroyKeys(trx: Trx, accountId: string, certificateId: string): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select private_key_id as id from application
      where account_id = ${accountId} and certificate_id = ${certificateId} and private_key_id is not null
    union select private_key_id from issuance
      where account_id = ${accountId} and certificate_id = ${certificateId} and private_key_id is not null`.execute(trx)
  if (rows.length === 0) return 0
  const ids = rows.map(({ id }) => id)
  for (const table of ['application', 'issuance'] as const) {
    await trx
      .updateTable(table)
      .set({ private_key_id: null })
      .where('account_id', '=', accountId)
      .where('certificate_id', '=', certificateId)
      .where('private_key_id', 'is not', null)
      .execute()
  }
  // A stored CSR that was issued for serves no other order: its key goes with the certificate.
  await sql`update csr set private_key_id = null where account_id = ${accountId} and private_key_id = any(${ids})
    and exists (select 1 from application where application.account_id = ${accountId}
      and application.spki_sha256 = csr.spki_sha256 and application.finalize_started_at is not null)`.execute(trx)
  const destroyed = await sql<{ secret_id: string }>`delete from private_key where account_id = ${accountId} and id = any(${ids})
    and not exists (select 1 from application where application.private_key_id = private_key.id)
    and not exists (select 1 from issuance where issuance.private_key_id = private_key.id)
    and not exists (select 1 from csr where csr.private_key_id = private_key.id)
    returning secret_id`.execute(trx)
  if (destroyed.rows.length === 0) return 0
  const secretIds = destroyed.rows.map(({ secret_id: id }) => id)
  await trx.deleteFrom('secret').where('account_id', '=', accountId).where('id', 'in', secretIds).execute()
  return destroyed.rows.length
}
