/**
 * `evercert tokens`: API tokens, one for each person or program.
 *
 * @module
 */
import { isScope, SCOPES } from '@evercert/contract'
import { wrongUsage } from '../failure.ts'
import { formatInstant } from '../format.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { removed } from './contacts.ts'

export const listTokensCommand = listCommand({
  load: (client) => client.tokens.list(),
  columns: [
    ['NAME', '名称', ({ name, isCaller }, { say }) => name + (isCaller ? say(' (this one)', '（当前）') : '')],
    ['PERMISSIONS', '权限', ({ scopes }) => scopes.join(', ')],
    ['TAGS', '限定标签', ({ tags }, { say }) => tags?.join(', ') ?? say('all', '全部')],
    ['MADE', '创建时间', ({ createdAt }) => formatInstant(createdAt)],
    ['ENDS', '到期', ({ expiresAt }) => formatInstant(expiresAt)],
    ['ID', '编号', ({ id }) => id],
  ],
  shrink: 1,
})

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
    throw wrongUsage('invalid', {
      en: `Reading --scope: there is no permission ${unknown.join(', ')}: use ${SCOPES.join(', ')}.`,
      zh: `读取 --scope：没有权限 ${unknown.join('、')}，可用：${SCOPES.join('、')}。`,
    })
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
