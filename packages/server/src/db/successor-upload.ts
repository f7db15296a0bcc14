/**
 * What follows a certificate without a renewal of it: an upload, or what followed an upload that was taken out between the two
 * (services/uploads/leave-lineage.ts). There is at most one: the index `certificate_successor` sees to that.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'

/** Its id, or null; a subquery. One that was revoked or deleted stands in nobody's way. @param certificateId a column */
export function successorUpload(certificateId: string): RawBuilder<string | null> {
  return sql`(select u.id from certificate u where u.renews_certificate_id = ${sql.ref(certificateId)}
    and u.closed_as is null and u.revoked_at is null)`
}
