/**
 * `evercert users` and `evercert accounts`: who may come in, and where. Links are printed alone on their line: they are not shown again.
 *
 * @module
 */
import { MEMBER_ROLES, type AccountView, type MemberRole } from '@evercert/contract'
import { failure, wrongUsage } from '../failure.ts'
import { formatInstant } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'

/** The users of the installation, with `--members` those of the account and their roles. */
export async function listUsersCommand(session: Session, options: { readonly members?: boolean }): Promise<number> {
  const { say, paint, columns, language } = session
  const client = await session.client()
  const page = options.members === true ? await client.members.list() : await client.users.list()
  session.document(page)
  const rows = page.items.map((user) => [
    { text: user.email },
    { text: user.name },
    {
      text:
        'role' in user
          ? wordFor('role', user.role, language)
          : user.isInstallationOperator
            ? say('installation operator', '安装管理员')
            : '',
    },
    { text: user.hasSecondFactor ? say('on', '已启用') : say('off', '未启用') },
    { text: user.id },
  ])
  const header = [
    say('E-MAIL', '邮箱'),
    say('NAME', '姓名'),
    say('ROLE', '角色'),
    say('SECOND FACTOR', '双因素'),
    say('ID', '编号'),
  ]
  session.print(...formatTable(header, rows, { paint, columns, shrink: 0 }))
  return 0
}

export async function inviteUserCommand(session: Session, email: string, { role }: { readonly role: string }): Promise<number> {
  const invitation = await (await session.client()).invitations.create({ email, role: parseRole(role) })
  session.document(invitation)
  session.print(invitation.link)
  return 0
}

/** @throws CliFailure `invalid` */
export function parseRole(text: string): MemberRole {
  const found = MEMBER_ROLES.find((role) => role === text)
  if (found !== undefined) return found
  const all = MEMBER_ROLES.join(', ')
  throw wrongUsage('invalid', `Reading --role: there is no role "${clean(text)}": use one of ${all}.`, {
    cause: { en: `There is no role "${clean(text)}".`, zh: `没有角色 “${clean(text)}”。` },
    remedy: { en: `Use one of ${all}.`, zh: `请使用以下之一：${all}。` },
  })
}

/** For who lost the password or the second factor. @param email or the user's id */
export async function recoverUserCommand(session: Session, email: string): Promise<number> {
  const client = await session.client()
  const user = (await client.users.list()).items.find((each) => each.id === email || each.email === email.toLowerCase())
  if (user === undefined)
    throw failure('notFound', {
      en: `Looking up the user ${email}: there is none: see "evercert users list".`,
      zh: `查找用户 ${email}：不存在，请查看 “evercert users list”。`,
    })
  const recovery = await client.users.recover({ id: user.id })
  session.document(recovery)
  session.print(recovery.link)
  return 0
}

export const listAccountsCommand = listCommand({
  load: (client) => client.accounts.list(),
  format: formatAccounts,
})

export async function addAccountCommand(session: Session, name: string): Promise<number> {
  const account = await (await session.client()).accounts.create({ name })
  session.document(account)
  session.print(
    ...formatAccounts(session, [account]),
    session.say('Its first owner is invited in the console.', '请在控制台中邀请其首位所有者。'),
  )
  return 0
}

function formatAccounts({ say, paint, columns }: Session, accounts: readonly AccountView[]): string[] {
  const rows = accounts.map((account) => [
    { text: account.name },
    { text: String(account.members) },
    { text: formatInstant(account.createdAt) },
    { text: account.id },
  ])
  const header = [say('NAME', '名称'), say('MEMBERS', '成员数'), say('MADE', '创建时间'), say('ID', '编号')]
  return formatTable(header, rows, { paint, columns, shrink: 0 })
}
