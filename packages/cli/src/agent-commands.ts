/**
 * The commands around agents: enroll, enrolments, withdraw, list, show, revoke.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import {
  enrollAgentCommand,
  listAgentsCommand,
  listEnrolmentsCommand,
  revokeAgentCommand,
  showAgentCommand,
  withdrawEnrolmentCommand,
  type EnrollOptions,
} from './commands/agent.ts'
import type { Say } from './language.ts'

export function addAgentCommands(program: Command, bind: Bind, say: Say): void {
  const agent = program
    .command('agent')
    .description(
      say(
        'hosts that install certificates themselves: enroll, enrolments, withdraw, list, show, revoke',
        '自行安装证书的主机代理：注册、等待注册、撤回、列出、查看、吊销',
      ),
    )
  const which = say('name or id', '名称或编号')
  agent
    .command('list', { isDefault: true })
    .description(say('list agents and when they were last seen', '列出代理及其最近在线时间'))
    .action(bind<[object]>(listAgentsCommand))
  agent
    .command('enroll')
    .argument('<name>', say('what the host is called here', '主机在本系统中的名称'))
    .option('--valid-minutes <minutes>', say('how long the token is good for; default: 30', '令牌有效分钟数，默认 30'))
    .description(say('print the one line that makes a host an agent', '输出将主机注册为代理的一行命令'))
    .action(bind<[string, EnrollOptions]>(enrollAgentCommand))
  agent
    .command('enrolments')
    .description(say('lines that were printed and not used yet', '列出已生成但尚未使用的注册命令'))
    .action(bind<[object]>(listEnrolmentsCommand))
  agent
    .command('withdraw')
    .argument('<enrolment>', which)
    .description(say('such a line lets nobody in any more', '撤回注册命令，使其不能再注册主机'))
    .action(bind<[string, object]>(withdrawEnrolmentCommand))
  agent
    .command('show')
    .argument('<agent>', which)
    .description(say('its sites, and what it found on its host', '查看站点及主机上发现的证书'))
    .action(bind<[string, object]>(showAgentCommand))
  agent
    .command('revoke')
    .argument('<agent>', which)
    .description(say('answer it no more; its host goes on serving', '吊销代理；该主机继续提供现有证书'))
    .action(bind<[string, object]>(revokeAgentCommand))
}
