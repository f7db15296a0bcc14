/**
 * The commands around users and accounts.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import { loginCommand, logoutCommand, type LoginOptions } from './commands/login.ts'
import {
  changeRoleCommand,
  listInvitationsCommand,
  removeInvitationCommand,
  removeMemberCommand,
  whoamiCommand,
} from './commands/members.ts'
import {
  addAccountCommand,
  inviteUserCommand,
  listAccountsCommand,
  listUsersCommand,
  recoverUserCommand,
} from './commands/users.ts'
import type { Say } from './language.ts'

export function addUserCommands(program: Command, bind: Bind, say: Say): void {
  const users = program.command('users').description(say('people who sign in', '登录用户'))
  const roles = say(
    'owner, administrator, operator, finance, reviewer, auditor or viewer',
    'owner、administrator、operator、finance、reviewer、auditor 或 viewer',
  )
  users
    .command('list', { isDefault: true })
    .description(say('list (operator)', '列表（管理员）'))
    .option('--members', say('those of the account, with their roles', '仅当前账号的成员及其角色'))
    .action(bind<[{ members?: boolean }]>(listUsersCommand))
  users
    .command('invite')
    .argument('<email>')
    .requiredOption('--role <role>', roles)
    .description(say('print a link that makes a member of the account, once', '打印一次性邀请链接，使其成为账号成员'))
    .action(bind<[string, { role: string }]>(inviteUserCommand))
  users
    .command('recover')
    .argument('<email>')
    .description(
      say(
        'print a link for a new password; ends their second factor (operator)',
        '打印重设密码的链接，同时关闭其双因素（管理员）',
      ),
    )
    .action(bind<[string, object]>(recoverUserCommand))
  addMemberCommands(users, bind, say)
  addLoginCommands(program, bind, say)
  program
    .command('whoami')
    .description(say('whose token it is, in which account, and what it may do', '当前令牌、所属账号及其权限'))
    .action(bind<[object]>(whoamiCommand))
  const accounts = program.command('accounts').description(say('accounts of the installation', '安装中的账号'))
  accounts
    .command('list', { isDefault: true })
    .description(say('list (operator)', '列表（管理员）'))
    .action(bind<[object]>(listAccountsCommand))
  accounts
    .command('add')
    .argument('<name>', say('name in the list', '列表中的名称'))
    .description(say('make a further account (operator)', '新建账号（管理员）'))
    .action(bind<[string, object]>(addAccountCommand))
}

function addLoginCommands(program: Command, bind: Bind, say: Say): void {
  program
    .command('login')
    .description(
      say(
        'get an API token for this machine: prints an address and a code, which a signed-in person enters in the console',
        '为本机获取 API 令牌：打印地址与代码，由已登录的用户在控制台中输入并确认',
      ),
    )
    .option(
      '--scope <permissions...>',
      say('what it may do; default: what you may, without the dangerous ones', '所需权限；默认为您拥有的权限，不含高风险权限'),
      [],
    )
    .option('--name <name>', say('how the console shows this machine', '控制台中显示的名称'))
    .action(bind<[LoginOptions]>(loginCommand))
  program
    .command('logout')
    .description(say('end the token of "evercert login" and forget it', '停用并删除“evercert login”获取的令牌'))
    .action(bind<[object]>(logoutCommand))
}

function addMemberCommands(users: Command, bind: Bind, say: Say): void {
  const member = say('e-mail address or id', '邮箱或编号')
  users
    .command('role')
    .argument('<member>', member)
    .description(say('give a member of the account another role', '修改账号成员的角色'))
    .requiredOption('--role <role>', say('see users invite', '参见 users invite'))
    .action(bind<[string, { role: string }]>(changeRoleCommand))
  users
    .command('remove')
    .argument('<member>', member)
    .description(say('take a member out of the account; their tokens in it end', '移除账号成员；其令牌同时失效'))
    .action(bind<[string, object]>(removeMemberCommand))
  users
    .command('invitations')
    .description(say('invitations that wait to be accepted', '待接受的邀请'))
    .action(bind<[object]>(listInvitationsCommand))
  users
    .command('uninvite')
    .argument('<invitation>', member)
    .description(say('take an invitation back', '撤回邀请'))
    .action(bind<[string, object]>(removeInvitationCommand))
}
