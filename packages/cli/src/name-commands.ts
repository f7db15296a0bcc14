/**
 * The commands around whose a domain name is.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import { assignNameCommand, listNamesCommand, releaseNameCommand, type ListNamesOptions } from './commands/names.ts'
import type { Say } from './language.ts'

export function addNameCommands(program: Command, bind: Bind, say: Say): void {
  const names = program
    .command('names')
    .description(say('names of the account: list, release; assign (operator)', '账号的域名：列出、放弃；分配（管理员）'))
  names
    .command('list', { isDefault: true })
    .description(say('list names and whose they are', '列出域名及其归属'))
    .option('--all', say('of all accounts (operator)', '所有账号（管理员）'))
    .option('--account <id>', say('of this account (operator)', '指定账号（管理员）'))
    .option('--name <name>', say('this name and those below it', '该域名及其下级域名'))
    .action(bind<[ListNamesOptions]>(listNamesCommand))
  names
    .command('assign')
    .argument('<name>', say('domain name', '域名'))
    .argument('<account>', say('id of the account', '账号编号'))
    .description(say('give a name to an account (operator)', '将域名分配给账号（管理员）'))
    .action(bind<[string, string, object]>(assignNameCommand))
  names
    .command('release')
    .argument('<name>', say('domain name', '域名'))
    .description(say('give a name up; who proves it next holds it', '放弃域名；下一个完成验证的账号将拥有它'))
    .action(bind<[string, object]>(releaseNameCommand))
}
