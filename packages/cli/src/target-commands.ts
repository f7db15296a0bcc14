/**
 * The commands around targets: list, kinds, add, change, log, deploy, remove.
 *
 * @module
 */
import { Option, type Command } from 'commander'
import { ENDPOINT_PROTOCOLS } from '@evercert/pki/probe'
import type { Bind } from './applicant-commands.ts'
import {
  addTargetCommand,
  changeTargetCommand,
  deployTargetCommand,
  listTargetsCommand,
  logTargetCommand,
  removeTargetCommand,
  type AddTargetOptions,
  type ChangeTargetOptions,
  type TargetListOptions,
} from './commands/targets.ts'
import type { Say } from './language.ts'
import { addSettingsOptions } from './settings/given.ts'
import { addKindsCommand } from './settings/kinds.ts'

function protocolOption(say: Say): Option {
  return new Option(
    '--protocol <protocol>',
    say('what is spoken at that address; default tls', '该地址使用的协议，默认 tls'),
  ).choices(ENDPOINT_PROTOCOLS)
}

export function addTargetCommands(program: Command, bind: Bind, say: Say): void {
  const targets = program
    .command('targets')
    .description(
      say(
        'where certificates are installed: list, kinds, add, change, log, deploy, remove',
        '部署目标：列出、类型、添加、修改、日志、重新部署、删除',
      ),
    )
  const target = say('name or id', '名称或编号')
  targets
    .command('list', { isDefault: true })
    .description(say('list targets with their latest deployment', '列出部署目标及其最近一次部署'))
    .option('--certificate <certificate>', say('only those of this certificate', '仅该证书的部署目标'))
    .action(bind<[TargetListOptions]>(listTargetsCommand))
  addKindsCommand(targets, bind, say, 'deploy')
  addSettingsOptions(targets.command('add'), say)
    .description(
      say(
        'add a target (operator); an issued certificate is deployed to it at once',
        '添加部署目标（管理员）；已签发的证书会立即部署',
      ),
    )
    .requiredOption('--certificate <certificate>', say('id, its beginning, name or domain', '编号、编号前缀、名称或域名'))
    .requiredOption('--name <name>', say('name in the list', '列表中的名称'))
    .requiredOption('--kind <kind>', say('see evercert targets kinds', '参见 evercert targets kinds'))
    .option(
      '--probe <host:port>',
      say('its own address: a deployment that it does not show is taken back', '目标自身的地址：若未提供新证书则回退'),
    )
    .option(
      '--server-name <name>',
      say('name to ask for at that address; default: its host', '探测该地址时使用的域名，默认为其主机名'),
    )
    .addOption(protocolOption(say))
    .option(
      '--canary',
      say('the other targets wait until this one is proved; needs --probe', '其他目标等待此目标验证通过；需要 --probe'),
    )
    .action(bind<[AddTargetOptions]>(addTargetCommand))
  addSettingsOptions(targets.command('change'), say)
    .argument('<target>', target)
    .description(
      say(
        'change a target (operator); settings and secrets left out stay, and the certificate is deployed there anew',
        '修改部署目标（管理员）；未填写的设置与机密保持不变，证书会重新部署到该目标',
      ),
    )
    .option('--name <name>', say('name in the list', '列表中的名称'))
    .option('--probe <host:port>', say('its own address, or "none"', '目标自身的地址，或 “none”'))
    .option('--server-name <name>', say('name to ask for at that address', '探测该地址时使用的域名'))
    .addOption(protocolOption(say))
    .option('--canary', say('the other targets wait until this one is proved', '其他目标等待此目标验证通过'))
    .option('--no-canary', say('nothing waits for it any more', '不再让其他目标等待'))
    .action(bind<[string, ChangeTargetOptions]>(changeTargetCommand))
  targets
    .command('log')
    .argument('<target>', target)
    .description(say('what the latest deployment did, with times', '显示最近一次部署的步骤与时间'))
    .action(bind<[string, object]>(logTargetCommand))
  targets
    .command('deploy')
    .argument('<target>', target)
    .description(say('deploy again what failed or was taken back', '重新部署失败或已回退的部署'))
    .action(bind<[string, object]>(deployTargetCommand))
  targets
    .command('remove')
    .argument('<target>', target)
    .description(say('forget a target; what is installed there stays', '删除部署目标；已安装的证书保持不变'))
    .action(bind<[string, object]>(removeTargetCommand))
}
