/**
 * Uploads that follow an upload of before: they join its lineage, as a renewal joins that of what it renews, without an order.
 *
 * @module
 */
import { sql } from 'kysely'
import { successorUpload } from '../../db/successor-upload.ts'
import { toMs } from '../../db/time.ts'
import type { Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { notFound, type Caller } from '../context.ts'
import type { CheckedUpload } from './read-upload.ts'

interface Predecessor {
  readonly origin: 'purchased' | 'uploaded'
  /** Revoked or deleted. */
  readonly ended: boolean
  /** Epoch milliseconds; null: it has no issuance. */
  readonly notBefore: number | null
  readonly lineageId: string
  readonly lastIndex: number
  /** What follows it already; `lastCertificateId` ends the lineage. */
  follower: {
    readonly renewalId: string | null
    readonly certificateId: string | null
    readonly lastCertificateId: string
  } | null
}

/** Those that the uploads name, by id; an empty map when none does. */
export type Predecessors = ReadonlyMap<string, Predecessor>

/** Where an upload stands. */
export interface Place {
  readonly renewsCertificateId: string | null
  readonly lineageId: string
  readonly lineageIndex: number
}

interface Row {
  readonly id: string
  readonly origin: 'purchased' | 'uploaded'
  readonly ended: boolean
  readonly not_before: Date | null
  readonly lineage_id: string
  readonly last_index: number
  readonly last_id: string | null
  readonly renewal_id: string | null
  readonly new_certificate_id: string | null
  readonly successor_id: string | null
}

/** Locked until the transaction ends, after the names (which orders of renewals lock, too): nothing else follows or ends them meanwhile. */
export async function lockPredecessors(trx: Trx, accountId: string, uploads: readonly CheckedUpload[]): Promise<Predecessors> {
  const ids = [...new Set(uploads.map(({ renewsCertificateId }) => renewsCertificateId).filter((id) => id !== null))]
  if (ids.length === 0) return new Map()
  await sql`select id from certificate where account_id = ${accountId} and id = any(${ids}::text[]) order by id for update`.execute(
    trx,
  )
  const { rows } = await sql<Row>`
    select c.id, c.origin, (c.closed_as is not null or c.revoked_at is not null) as ended, i.not_before, c.lineage_id,
      (select max(m.lineage_index) from certificate m where m.account_id = c.account_id and m.lineage_id = c.lineage_id) as last_index,
      (select m.id from certificate m where m.account_id = c.account_id and m.lineage_id = c.lineage_id and m.closed_as is null
        and m.revoked_at is null order by m.lineage_index desc limit 1) as last_id,
      r.id as renewal_id, r.new_certificate_id, ${successorUpload('c.id')} as successor_id
    from certificate c
      left join issuance i on i.id = c.issuance_id
      left join renewal r on r.old_certificate_id = c.id and r.state <> 'cancelled'
    where c.account_id = ${accountId} and c.id = any(${ids}::text[])`.execute(trx)
  return new Map(rows.map((row) => [row.id, toPredecessor(row)]))
}

function toPredecessor(row: Row): Predecessor {
  const certificateId = row.new_certificate_id ?? row.successor_id
  const lastCertificateId = row.last_id ?? row.id
  const isFollowed = row.renewal_id !== null || certificateId !== null || lastCertificateId !== row.id
  return {
    origin: row.origin,
    ended: row.ended,
    notBefore: toMs(row.not_before),
    lineageId: row.lineage_id,
    lastIndex: row.last_index,
    follower: isFollowed ? { renewalId: row.renewal_id, certificateId, lastCertificateId } : null,
  }
}

/** @returns why the upload cannot follow what it names; null: it can, or names nothing */
export function refuseSuccession(
  { name, leaf, renewsCertificateId }: CheckedUpload,
  predecessors: Predecessors,
): AppError | null {
  if (renewsCertificateId === null) return null
  const predecessor = predecessors.get(renewsCertificateId)
  if (predecessor === undefined) return notFound('certificate', renewsCertificateId)
  const reason = whyNot(predecessor, leaf.notBefore)
  if (reason !== null) {
    const { code, text } = NOT_ITS_SUCCESSOR[reason]
    return new AppError('notItsSuccessor', `Uploading ${name} as the successor of ${renewsCertificateId}: ${text}.`, {
      facts: { certificateId: renewsCertificateId, reason: code },
    })
  }
  if (predecessor.follower === null) return null
  const { lastCertificateId } = predecessor.follower
  return new AppError(
    'alreadyRenewed',
    `Uploading ${name} as the successor of ${renewsCertificateId}: another one follows that: name the last, ${lastCertificateId}, or none.`,
    { facts: { ...predecessor.follower } },
  )
}

const NOT_ITS_SUCCESSOR = {
  purchased: { code: 'purchased', text: 'that was bought here: renew it by an order' },
  ended: { code: 'ended', text: 'that was revoked or deleted: name none' },
  newer: { code: 'newer', text: 'that begins later: upload from the oldest to the newest' },
} as const

function whyNot(predecessor: Predecessor, notBefore: number): keyof typeof NOT_ITS_SUCCESSOR | null {
  if (predecessor.origin === 'purchased') return 'purchased'
  if (predecessor.ended || predecessor.notBefore === null) return 'ended'
  return predecessor.notBefore > notBefore ? 'newer' : null
}

/** Of an upload that nothing refused. From then on another upload of the same request cannot take its place. */
export function takePlace(certificateId: string, { renewsCertificateId }: CheckedUpload, predecessors: Predecessors): Place {
  const predecessor = renewsCertificateId === null ? undefined : predecessors.get(renewsCertificateId)
  if (predecessor === undefined) return { renewsCertificateId: null, lineageId: certificateId, lineageIndex: 0 }
  predecessor.follower = { renewalId: null, certificateId, lastCertificateId: certificateId }
  return { renewsCertificateId, lineageId: predecessor.lineageId, lineageIndex: predecessor.lastIndex + 1 }
}

/** The timeline of the old ones, and their tags: whoever finds a certificate by its tags finds the one that follows it. */
export async function recordSuccessions(
  trx: Trx,
  { accountId, actor }: Caller,
  { at, places }: { readonly at: Date; readonly places: readonly (Place & { readonly id: string })[] },
): Promise<void> {
  const following = places.filter(({ renewsCertificateId }) => renewsCertificateId !== null)
  if (following.length === 0) return
  const old = following.map(({ renewsCertificateId }) => renewsCertificateId)
  const pairs = sql`unnest(${old}::text[], ${following.map(({ id }) => id)}::text[]) as row (old_id, id)`
  await sql`insert into history (account_id, certificate_id, subject, subject_id, to_state, actor, detail, at)
    select ${accountId}, old_id, 'certificate', old_id, 'followed', ${actor}, id, ${at}::timestamptz from ${pairs}`.execute(trx)
  await sql`insert into certificate_tag (account_id, certificate_id, tag, created_at)
    select t.account_id, row.id, t.tag, ${at}::timestamptz from ${pairs}
      join certificate_tag t on t.certificate_id = row.old_id and t.account_id = ${accountId}`.execute(trx)
}
