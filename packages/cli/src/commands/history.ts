/**
 * `evercert history`: the whole timeline of a certificate, newest first.
 *
 * @module
 */
import type { HistoryEntryView } from '@evercert/contract'
import { findCertificate } from '../find-certificate.ts'
import type { Session } from '../session.ts'
import { formatHistory } from './show.ts'

const PAGE_SIZE = 200

export async function historyCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id } = await findCertificate(client, wanted)
  const items: HistoryEntryView[] = []
  let cursor: string | null = null
  do {
    const page: { items: HistoryEntryView[]; nextCursor: string | null } = await client.certificates.history({
      id,
      limit: PAGE_SIZE,
      ...(cursor === null ? {} : { cursor }),
    })
    items.push(...page.items)
    session.print(...formatHistory(session, page.items))
    cursor = page.nextCursor
  } while (cursor !== null)
  session.document({ items })
  return 0
}
