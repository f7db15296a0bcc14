/**
 * What orders, payments and applications need of a certificate in their transactions, whatever else each of them asks.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'

/** It is in the list still, is not revoked, and nobody asked for that. Whether it has expired is a question of time. @param certificate the table, as the query calls it */
export function isNotEnded(certificate: string): RawBuilder<boolean> {
  const column = (name: string) => sql.ref(`${certificate}.${name}`)
  return sql`(${column('closed_as')} is null and ${column('revoked_at')} is null and ${column('revocation_requested_at')} is null)`
}
