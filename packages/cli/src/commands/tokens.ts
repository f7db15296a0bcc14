/**
 * `evercert tokens`: API tokens, one for each person or program.
 *
 * @module
 */
import { isScope, SCOPES } from '@evercert/contract'
import { failure } from '../failure.ts'
import { formatInstant } from '../format.ts'
import { formatTable } from '../output.ts'
import type { Session } from '../session.ts'
import { removed } from './contacts.ts'

export async function listTokensCommand(session: Session): Promise<number> {
  const { say, paint, columns } = session
  const page = await (await session.client()).tokens.list()
  session.document(page)
  const rows = page.items.map((token) => [
    { text: token.name + (token.isCaller ? say(' (this one)', '（当前）') : '') },
    { text: token.scopes.join(', ') },
    { text: token.tags?.join(', ') ?? say('all', '全部') },
    { text: formatInstant(token.createdAt) },
    { text: formatInstant(token.expiresAt) },
    { text: token.id },
  ])
  const header = [
    say('NAME', '名称'),
    say('PERMISSIONS', '权限'),
    say('TAGS', '限定标签'),
    say('MADE', '创建时间'),
    say('ENDS', '到期'),
    say('ID', '编号'),
  ]
  session.print(...formatTable(header, rows, { paint, columns, shrink: 1 }))
  return 0
}

export interface TokenOptions {
  readonly name: string
  readonly scope: readonly string[]
  /** It sees only certificates with one of these. */
  readonly tag?: readonly string[]
}

/** Prints the token alone on its line: it is not shown again. */
export async function addTokenCommand(session: Session, { name, scope, tag }: TokenOptions): Promise<number> {
  const unknown = scope.filter((each) => !isScope(each))
  if (unknown.length > 0)
    throw failure('invalid', `Reading --scope: there is no permission ${unknown.join(', ')}: use ${SCOPES.join(', ')}.`)
  const made = await (
    await session.client()
  ).tokens.create({ name, scopes: scope.filter((each) => isScope(each)), tags: tag === undefined ? null : [...tag] })
  session.document(made)
  session.print(made.token)
  return 0
}

export async function removeTokenCommand(session: Session, id: string): Promise<number> {
  return removed(session, await (await session.client()).tokens.remove({ id }))
}
