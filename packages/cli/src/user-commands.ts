/**
 * The commands around users and accounts.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
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
  users
    .command('list')
    .description(say('list (operator)', '列表（管理员）'))
    .option('--members', say('those of the account, with their roles', '仅当前账号的成员及其角色'))
    .action(bind<[{ members?: boolean }]>(listUsersCommand))
  users
    .command('invite')
    .argument('<email>')
    .requiredOption(
      '--role <role>',
      say(
        'owner, administrator, operator, finance, reviewer, auditor or viewer',
        'owner、administrator、operator、finance、reviewer、auditor 或 viewer',
      ),
    )
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
