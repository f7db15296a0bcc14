/**
 * The timeline of a certificate: who, what, when, why, from which state.
 *
 * @module
 */
import type { HistoryEntryView } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import { notFound, type Caller, type Services } from './context.ts'

/** The timeline, newest first. @throws AppError `notFound`, `invalid` for a cursor that it did not give */
export async function listHistory(
  services: Services,
  caller: Caller,
  id: string,
  page: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ items: HistoryEntryView[]; nextCursor: string | null }> {
  const own = await services.db
    .selectFrom('certificate')
    .select('id')
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (own === undefined) throw notFound('certificate', id)
  let query = services.db
    .selectFrom('history')
    .select(['id', 'at', 'subject', 'subject_id', 'from_state', 'to_state', 'actor', 'detail'])
    .where('account_id', '=', caller.accountId)
    .where('certificate_id', '=', id)
  if (page.cursor !== undefined) query = query.where('id', '<', parseCursor(page.cursor))
  const rows = await query
    .orderBy('id', 'desc')
    .limit(page.limit + 1)
    .execute()
  const shown = rows.slice(0, page.limit)
  return {
    items: shown.map((row) => ({
      at: row.at.toISOString(),
      subject: row.subject,
      subjectId: row.subject_id,
      from: row.from_state,
      to: row.to_state,
      actor: row.actor,
      detail: row.detail,
    })),
    nextCursor: rows.length > page.limit ? String(shown.at(-1)?.id ?? '') : null,
  }
}

function parseCursor(cursor: string): string {
  if (/^[1-9]\d{0,17}$/.test(cursor)) return cursor
  throw new AppError('invalid', 'Reading the cursor: it is not one of this timeline: take nextCursor as it came.')
}
