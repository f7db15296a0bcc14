/**
 * The upload that follows a certificate. There is at most one: the index `certificate_successor` sees to that.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'

/** Its id, or null; a subquery. One that was revoked or deleted stands in nobody's way. @param certificateId a column */
export function successorUpload(certificateId: string): RawBuilder<string | null> {
  return sql`(select u.id from certificate u where u.renews_certificate_id = ${sql.ref(certificateId)} and u.origin = 'uploaded'
    and u.closed_as is null and u.revoked_at is null)`
}
