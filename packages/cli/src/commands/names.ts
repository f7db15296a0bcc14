/**
 * `evercert names`: whose a domain name is.
 *
 * @module
 */
import type { NameClaimView } from '@evercert/contract'
import { formatInstant } from '../format.ts'
import { formatTable } from '../output.ts'
import type { Session } from '../session.ts'

const PAGE_SIZE = 200

export interface ListNamesOptions {
  readonly all?: boolean
  readonly account?: string
  readonly name?: string
}

export async function listNamesCommand(session: Session, { all, account, name }: ListNamesOptions): Promise<number> {
  const client = await session.client()
  const items: NameClaimView[] = []
  let cursor: string | null = null
  do {
    const page: { items: NameClaimView[]; nextCursor: string | null } = await client.names.list({
      limit: PAGE_SIZE,
      of: all === true ? 'installation' : 'account',
      ...(account !== undefined && { accountId: account }),
      ...(name !== undefined && { name }),
      ...(cursor !== null && { cursor }),
    })
    items.push(...page.items)
    cursor = page.nextCursor
  } while (cursor !== null)
  session.document({ items, nextCursor: null })
  print(session, items)
  return 0
}

export async function assignNameCommand(session: Session, name: string, accountId: string): Promise<number> {
  return show(session, await (await session.client()).names.assign({ name, accountId }))
}

export async function releaseNameCommand(session: Session, name: string): Promise<number> {
  return show(session, await (await session.client()).names.release({ name }))
}

function show(session: Session, claim: NameClaimView): number {
  session.document(claim)
  print(session, [claim])
  return 0
}

function print(session: Session, claims: readonly NameClaimView[]): void {
  const { say, paint, columns } = session
  const header = [say('NAME', '域名'), say('HOW', '方式'), say('SINCE', '时间'), say('ACCOUNT', '账号')]
  const rows = claims.map(({ name, how, at, accountId }) => [
    { text: name },
    { text: how === 'proved' ? say('proved', '已验证') : say('assigned', '已分配') },
    { text: formatInstant(at) },
    { text: accountId },
  ])
  session.print(...formatTable(header, rows, { paint, columns, shrink: 0 }))
}
