/**
 * Renewals: the link from the old certificate to the new one, open until the new one is seen to be served everywhere.
 *
 * @module
 */
import { sql } from 'kysely'
import type { RenewalView } from '@evercert/contract'
import { notFound, type Caller, type Services } from './context.ts'

const COLUMNS = ['id', 'old_certificate_id', 'new_certificate_id', 'order_id', 'state', 'closed_at'] as const

interface Row {
  readonly id: string
  readonly old_certificate_id: string
  readonly new_certificate_id: string | null
  readonly order_id: string
  readonly state: RenewalView['state']
  readonly closed_at: Date | null
}

/** @throws AppError `notFound` */
export async function loadRenewal(services: Services, caller: Caller, id: string): Promise<RenewalView> {
  const row = await services.db
    .selectFrom('renewal')
    .select(COLUMNS)
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw notFound('renewal', id)
  return toView(row)
}

/** The renewal in which the certificate is the new one, or else the live one in which it is the old one; null when there is none. */
export async function loadRenewalOf(services: Services, caller: Caller, certificateId: string): Promise<RenewalView | null> {
  const rows = await services.db
    .selectFrom('renewal')
    .select(COLUMNS)
    .where('account_id', '=', caller.accountId)
    .where('state', '<>', sql.lit('cancelled'))
    .where((builder) =>
      builder.or([builder('new_certificate_id', '=', certificateId), builder('old_certificate_id', '=', certificateId)]),
    )
    .execute()
  const row = rows.find((candidate) => candidate.new_certificate_id === certificateId) ?? rows[0]
  return row === undefined ? null : toView(row)
}

function toView(row: Row): RenewalView {
  return {
    id: row.id,
    oldCertificateId: row.old_certificate_id,
    newCertificateId: row.new_certificate_id,
    orderId: row.order_id,
    state: row.state,
    closedAt: row.closed_at?.toISOString() ?? null,
  }
}
