/**
 * `evercert users role|remove|invitations|uninvite` and `evercert whoami`: who may do what in the account.
 *
 * @module
 */
import type { MemberView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { failure } from '../failure.ts'
import { formatInstant } from '../format.ts'
import { clean, formatFacts } from '../output.ts'
import { dim, listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'
import { removed } from './contacts.ts'
import { parseRole } from './users.ts'

export async function changeRoleCommand(session: Session, wanted: string, options: { readonly role: string }): Promise<number> {
  const role = parseRole(options.role)
  const client = await session.client()
  const { id } = await findMember(client, wanted)
  const member = await client.members.changeRole({ id, role })
  session.document(member)
  session.print(`${clean(member.email)}: ${wordFor('role', member.role, session.language)}`)
  return 0
}

/** Their tokens in the account end with it. */
export async function removeMemberCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id } = await findMember(client, wanted)
  return removed(session, await client.members.remove({ id }))
}

async function findMember(client: Client, wanted: string): Promise<MemberView> {
  const { items } = await client.members.list()
  const found = items.find(({ id, email }) => id === wanted || email === wanted.toLowerCase())
  if (found !== undefined) return found
  throw failure('notFound', {
    en: `Looking up the member ${clean(wanted)}: there is none: see "evercert users list --members".`,
    zh: `查找成员 ${clean(wanted)}：不存在，请查看 “evercert users list --members”。`,
  })
}

export const listInvitationsCommand = listCommand({
  load: (client) => client.invitations.list(),
  none: ['No invitation waits.', '没有待接受的邀请。'],
  columns: [
    ['E-MAIL', '邮箱', ({ email }) => email],
    ['ROLE', '角色', ({ role }, { language }) => wordFor('role', role, language)],
    ['BY', '邀请人', ({ invitedBy }) => invitedBy],
    ['ENDS', '到期', ({ expiresAt }) => formatInstant(expiresAt)],
    ['ID', '编号', ({ id }) => dim(id)],
  ],
})

export async function removeInvitationCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { items } = await client.invitations.list()
  const found = items.find(({ id, email }) => id === wanted || email === wanted.toLowerCase())
  if (found === undefined)
    throw failure('notFound', {
      en: `Looking up the invitation of ${clean(wanted)}: there is none: see "evercert users invitations".`,
      zh: `查找 ${clean(wanted)} 的邀请：不存在，请查看 “evercert users invitations”。`,
    })
  return removed(session, await client.invitations.remove({ id: found.id }))
}

export async function whoamiCommand(session: Session): Promise<number> {
  const { say, paint, language } = session
  const me = await (await session.client()).me.get()
  session.document(me)
  const { user, token, account, role, scopes } = me
  const optional: readonly (readonly [string, string | null])[] = [
    [say('Token', '令牌'), token === null ? null : `${token.name} (${token.id})`],
    [say('User', '用户'), user === null ? null : `${user.name} <${user.email}>`],
    [say('Account', '账号'), account === null ? null : `${account.name} (${account.id})`],
    [say('Role', '角色'), role === null ? null : wordFor('role', role, language)],
    [say('Ends', '到期'), token === null || token.expiresAt === null ? null : formatInstant(token.expiresAt)],
    [say('Permissions', '权限'), scopes.join(', ')],
  ]
  session.print(
    ...formatFacts(
      optional.filter((fact): fact is readonly [string, string] => fact[1] !== null),
      paint,
    ),
  )
  return 0
}
