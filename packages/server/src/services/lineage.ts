/**
 * The certificates that renewed each other, one after the other, as the page of one of them shows them.
 *
 * @module
 */
import { sql } from 'kysely'
import type { LineageView } from '@evercert/contract'
import { findCertificates, type CertificateRecord } from '../db/certificates.ts'
import { deriveStatus } from '../domain/certificate/derive-status.ts'
import { seenBy } from './access/narrowing.ts'
import type { Caller, Services } from './context.ts'
import { STATUS_TEXTS } from './texts.ts'

/** On either side of the one that is looked at: short lives make long lineages. */
const SHOWN = 20

/** The oldest first. Members that the caller does not see are left out, and not counted. */
export async function loadLineage(services: Services, caller: Caller, of: CertificateRecord): Promise<LineageView> {
  const [before, after, { earlier, later }] = await Promise.all([
    findIds(services, caller, of, 'before'),
    findIds(services, caller, of, 'after'),
    countMembers(services, caller, of),
  ])
  const ids = [...before.toReversed(), of.id, ...after]
  const records = ids.length === 1 ? new Map([[of.id, of]]) : await findCertificates(services.db, of.accountId, ids)
  return {
    members: ids.flatMap((id) => {
      const record = records.get(id)
      return record === undefined ? [] : [toMember(services, record)]
    }),
    earlier: Number(earlier) - before.length,
    later: Number(later) - after.length,
  }
}

function toMember(services: Services, record: CertificateRecord): LineageView['members'][number] {
  const status = deriveStatus(record.facts, services.now(), services.policy)
  const { id, name, issuance, servedAt, renewsCertificateId } = record
  return {
    id,
    name,
    status,
    statusText: STATUS_TEXTS[status],
    renewsCertificateId,
    notBefore: issuance === null ? null : new Date(issuance.notBefore).toISOString(),
    notAfter: issuance === null ? null : new Date(issuance.notAfter).toISOString(),
    servedAt: servedAt === null ? null : new Date(servedAt).toISOString(),
  }
}

/** The nearest first. */
async function findIds(services: Services, caller: Caller, of: CertificateRecord, side: 'before' | 'after'): Promise<string[]> {
  const rows = await services.db
    .selectFrom('certificate')
    .select('id')
    .where('account_id', '=', of.accountId)
    .where('lineage_id', '=', of.lineageId)
    .where('lineage_index', side === 'before' ? '<' : '>', of.lineageIndex)
    .where(seenBy(caller, 'certificate.id'))
    .orderBy('lineage_index', side === 'before' ? 'desc' : 'asc')
    .limit(SHOWN)
    .execute()
  return rows.map(({ id }) => id)
}

function countMembers(services: Services, caller: Caller, of: CertificateRecord) {
  const countWhere = (side: '<' | '>') => sql<number>`count(*) filter (where lineage_index ${sql.raw(side)} ${of.lineageIndex})`
  return services.db
    .selectFrom('certificate')
    .select([countWhere('<').as('earlier'), countWhere('>').as('later')])
    .where('account_id', '=', of.accountId)
    .where('lineage_id', '=', of.lineageId)
    .where(seenBy(caller, 'certificate.id'))
    .executeTakeFirstOrThrow()
}
