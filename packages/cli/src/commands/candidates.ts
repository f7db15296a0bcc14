/**
 * `evercert candidates`: what was discovered and is no endpoint yet.
 *
 * @module
 */
import type { CandidateView } from '@evercert/contract'
import { findCertificate } from '../find-certificate.ts'
import { clean, formatTable, type Cell } from '../output.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'
import { removed } from './contacts.ts'

const PAGE_SIZE = 200

export async function listCandidatesCommand(session: Session): Promise<number> {
  const client = await session.client()
  const items: CandidateView[] = []
  let cursor: string | null = null
  do {
    const page: { items: CandidateView[]; nextCursor: string | null } = await client.discovery.list({
      limit: PAGE_SIZE,
      ...(cursor !== null && { cursor }),
    })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  session.document({ items, nextCursor: null })
  if (items.length === 0) session.print(session.say('No candidate: evercert discover', '没有候选站点：evercert discover'))
  else session.print(...formatCandidates(session, items))
  return 0
}

export async function acceptCandidateCommand(
  session: Session,
  id: string,
  { certificate }: { readonly certificate?: string },
): Promise<number> {
  const client = await session.client()
  const certificateId = certificate === undefined ? null : (await findCertificate(client, certificate)).id
  const endpoint = await client.discovery.accept({ id, ...(certificateId !== null && { certificateId }) })
  session.document(endpoint)
  session.print(
    session.say(
      `${clean(endpoint.host)}:${endpoint.port} is an endpoint of ${endpoint.certificateId} now: ${endpoint.id}`,
      `${clean(endpoint.host)}:${endpoint.port} 已成为 ${endpoint.certificateId} 的站点：${endpoint.id}`,
    ),
  )
  return 0
}

export async function dismissCandidateCommand(session: Session, id: string): Promise<number> {
  return removed(session, await (await session.client()).discovery.dismiss({ id }))
}

/** One row for each address. */
export function formatCandidates({ say, paint, columns, language }: Session, items: readonly CandidateView[]): string[] {
  const header = [
    say('site', '站点'),
    say('server name', '域名'),
    say('verdict', '结论'),
    say('ends', '到期'),
    say('certificate', '证书'),
    say('id', '编号'),
  ]
  const rows = items.flatMap((item) =>
    item.addresses.map(({ address, verdict, notAfter }): Cell[] => [
      { text: item.host === address ? `${item.host}:${item.port}` : `${item.host}:${item.port} (${address})` },
      { text: item.serverName },
      { text: wordFor('verdict', verdict, language), colour: verdict === 'served' ? 'green' : 'yellow' },
      { text: notAfter?.slice(0, 10) ?? '' },
      { text: item.certificateId === null ? '–' : `${item.certificateId} (${item.matchedBy})` },
      { text: item.id, colour: 'dim' },
    ]),
  )
  return formatTable(header, rows, { paint, columns, shrink: 4 })
}
