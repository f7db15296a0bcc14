/**
 * The commands around providers of single sign-on.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import {
  addProviderCommand,
  changeProviderCommand,
  listProvidersCommand,
  removeProviderCommand,
  type AddProviderOptions,
  type ProviderOptions,
} from './commands/sign-in-providers.ts'
import type { Say } from './language.ts'

const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text]

export function addSignInProviderCommands(program: Command, bind: Bind, say: Say): void {
  const providers = program
    .command('sign-in-providers')
    .description(
      say(
        'single sign-on by OpenID Connect: list, add, change, remove (operator)',
        'OpenID Connect 单点登录：列出、接入、修改、移除（管理员）',
      ),
    )
  providers
    .command('list', { isDefault: true })
    .description(say('list the providers', '列出登录服务'))
    .action(bind<[object]>(listProvidersCommand))
  const id = say('lower-case letters, digits and hyphens; part of the redirect URL', '小写字母、数字和连字符；回调地址的一部分')
  const title = say('stands on the button of the sign-in page', '显示在登录页的按钮上')
  const secret = say('file that holds the client secret, or - for stdin', '保存客户端密钥的文件，“-” 为标准输入')
  const domain = say('whose e-mail addresses are let in; repeat it', '允许登录的邮箱域名；可重复')
  providers
    .command('add')
    .argument('<id>', id)
    .description(say('connect a provider; its configuration is read at once', '接入登录服务，并立即读取其配置'))
    .requiredOption(
      '--issuer <url>',
      say('exactly as the provider’s configuration has it', '须与登录服务配置中的 issuer 完全一致'),
    )
    .requiredOption('--title <text>', title)
    .requiredOption('--client-id <id>', say('as registered at the provider', '在登录服务中登记的客户端 ID'))
    .requiredOption('--client-secret-file <file>', secret)
    .requiredOption('--domain <domain>', domain, collect)
    .option('--new-users', say('make users of newcomers, in no account until invited', '为新人创建用户，受邀前不属于任何账号'))
    .option('--second-factor <whose>', say('asked (default) or trusted', 'asked（默认，在此验证）或 trusted（信任登录服务）'))
    .option('--acr <context>', say('demanded of a trusted provider; repeat it', '信任时要求的认证级别；可重复'), collect)
    .action(bind<[string, AddProviderOptions]>(addProviderCommand))
  providers
    .command('change')
    .argument('<id>', say('id of the provider', '登录服务编号'))
    .description(say('change it; what is left out stays, its issuer always', '修改；未填写的保持不变，issuer 不可修改'))
    .option('--title <text>', title)
    .option('--client-id <id>', say('as registered at the provider', '在登录服务中登记的客户端 ID'))
    .option('--client-secret-file <file>', secret)
    .option('--domain <domain>', domain, collect)
    .option('--new-users', say('make users of newcomers', '为新人创建用户'))
    .option('--no-new-users', say('let users in alone', '只允许现有用户登录'))
    .option('--second-factor <whose>', say('asked or trusted', 'asked（在此验证）或 trusted（信任登录服务）'))
    .option(
      '--acr <context>',
      say('demanded of a trusted provider; repeat it, none ends it', '信任时要求的认证级别；可重复，none 表示不要求'),
      collect,
    )
    .action(bind<[string, ProviderOptions]>(changeProviderCommand))
  providers
    .command('remove')
    .argument('<id>', say('id of the provider', '登录服务编号'))
    .description(say('remove it, with whom it knew; sessions go on', '移除及其关联用户；现有会话不受影响'))
    .action(bind<[string, object]>(removeProviderCommand))
}
