/**
 * What the notices of some certificates depend on, in one query.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Db } from '../../db/connect.ts'
import { successorUpload } from '../../db/successor-upload.ts'
import { toMs } from '../../db/time.ts'
import type { Trx } from '../../db/transition.ts'
import type { NoticeFacts } from '../../domain/notice/decide-notice.ts'

export interface NoticeSubject {
  readonly certificateId: string
  readonly accountId: string
  readonly name: string
  /** Of the current issuance, or of the application while there is none. */
  readonly names: readonly string[]
  /** Renews by itself. */
  readonly managed: boolean
  /** The period that was paid for goes on beyond the certificate. */
  readonly paidOn: boolean
  readonly facts: NoticeFacts
}

interface Row {
  readonly id: string
  readonly account_id: string
  readonly name: string
  readonly ended: boolean
  readonly managed: boolean
  readonly paid_on: boolean
  readonly served_at: Date | null
  readonly endpoint_count: number
  readonly names: string[] | null
  readonly issuance_id: string | null
  readonly not_before: Date | null
  readonly not_after: Date | null
  readonly previous_id: string | null
  readonly previous_not_before: Date | null
  readonly previous_not_after: Date | null
  readonly is_renewed: boolean
  readonly renewal_issued: boolean | null
  readonly renewal_served: boolean | null
}

/** Where nothing of an old certificate is watched or installed here, the upload that follows it counts as served: it is where the old one was. */
export async function loadSubjects(db: Db | Trx, certificateIds: readonly string[]): Promise<NoticeSubject[]> {
  if (certificateIds.length === 0) return []
  const { rows } = await sql<Row>`
    select c.id, c.account_id, c.name, (c.closed_as is not null or c.revoked_at is not null) as ended, c.served_at, c.managed,
      coalesce(t.entitled_until > i.not_after, false) as paid_on,
      (select count(*)::int from endpoint e where e.certificate_id = c.id) as endpoint_count,
      coalesce(i.names, a.identifiers) as names, i.id as issuance_id, i.not_before, i.not_after,
      p.id as previous_id, p.not_before as previous_not_before, p.not_after as previous_not_after,
      n.id is not null or r.id is not null as is_renewed, n.issuance_id is not null as renewal_issued,
      (n.served_at is not null or r.state = 'closed' or (r.id is null and n.id is not null
        and not exists (select from endpoint e where e.certificate_id = c.id)
        and not exists (select from target g where g.certificate_id = c.id))) as renewal_served
    from certificate c
      left join issuance i on i.id = c.issuance_id
      left join entitlement t on t.certificate_id = c.id
      left join application a on a.id = c.application_id
      left join lateral (select q.id, q.not_before, q.not_after from issuance q
        where q.certificate_id = c.id and q.id <> c.issuance_id order by q.id desc limit 1) p on true
      left join renewal r on r.old_certificate_id = c.id and r.state <> 'cancelled'
      left join certificate n on n.id = coalesce(r.new_certificate_id, case when r.id is null then ${successorUpload('c.id')} end)
    where c.id = any(${certificateIds})`.execute(db)
  return rows.map(toSubject)
}

function toSubject(row: Row): NoticeSubject {
  return {
    certificateId: row.id,
    accountId: row.account_id,
    name: row.name,
    names: row.names ?? [],
    managed: row.managed,
    paidOn: row.paid_on,
    facts: {
      closed: row.ended,
      issuance: toIssuance(row.issuance_id, row.not_before, row.not_after),
      previousIssuance: toIssuance(row.previous_id, row.previous_not_before, row.previous_not_after),
      servedAt: toMs(row.served_at),
      endpointCount: row.endpoint_count,
      renewal: !row.is_renewed ? null : { issued: row.renewal_issued === true, served: row.renewal_served === true },
    },
  }
}

function toIssuance(id: string | null, notBefore: Date | null, notAfter: Date | null) {
  return id === null || notBefore === null || notAfter === null
    ? null
    : { id, notBefore: toMs(notBefore), notAfter: toMs(notAfter) }
}
