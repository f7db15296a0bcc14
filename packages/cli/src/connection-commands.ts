/**
 * The commands around connections: to DNS providers and to payment providers.
 *
 * @module
 */
import { Option, type Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import {
  addDnsConnectionCommand,
  addPaymentConnectionCommand,
  changeDnsConnectionCommand,
  changePaymentConnectionCommand,
  listDnsConnectionsCommand,
  listPaymentConnectionsCommand,
  removeDnsConnectionCommand,
  removePaymentConnectionCommand,
  type AddDnsConnectionOptions,
  type AddPaymentConnectionOptions,
  type ChangeDnsConnectionOptions,
  type ChangePaymentConnectionOptions,
} from './commands/connections.ts'
import type { Say } from './language.ts'
import { addSettingsOptions } from './settings/given.ts'
import { addKindsCommand } from './settings/kinds.ts'

export function addConnectionCommands(program: Command, bind: Bind, say: Say): void {
  addDnsConnections(program, bind, say)
  addPaymentConnections(program, bind, say)
}

function addDnsConnections(program: Command, bind: Bind, say: Say): void {
  const connections = program
    .command('dns-connections')
    .description(
      say(
        'what validates names by itself: list, kinds, add, change, remove',
        '自动 DNS 验证的连接：列出、类型、添加、修改、删除',
      ),
    )
  connections
    .command('list', { isDefault: true })
    .description(say('list DNS connections', '列出 DNS 连接'))
    .action(bind<[object]>(listDnsConnectionsCommand))
  addKindsCommand(connections, bind, say, 'dns')
  addSettingsOptions(connections.command('add'), say)
    .description(say('connect a DNS provider, for apply --dns-connection', '连接 DNS 服务商，供 apply --dns-connection 使用'))
    .requiredOption('--name <name>', say('name in the list', '列表中的名称'))
    .requiredOption('--kind <kind>', say('see evercert dns-connections kinds', '参见 evercert dns-connections kinds'))
    .action(bind<[AddDnsConnectionOptions]>(addDnsConnectionCommand))
  const connection = say('name or id', '名称或编号')
  addSettingsOptions(connections.command('change'), say)
    .argument('<connection>', connection)
    .description(say('change name or settings; settings and secrets left out stay', '修改名称或设置；未填写的设置与机密保持不变'))
    .option('--name <name>', say('name in the list', '列表中的名称'))
    .action(bind<[string, ChangeDnsConnectionOptions]>(changeDnsConnectionCommand))
  connections
    .command('remove')
    .argument('<connection>', connection)
    .description(say('forget a connection that nothing uses', '删除未被使用的连接'))
    .action(bind<[string, object]>(removeDnsConnectionCommand))
}

function addPaymentConnections(program: Command, bind: Bind, say: Say): void {
  const connections = program
    .command('payment-connections')
    .description(
      say(
        'ways to pay besides the balance: list; kinds, add, change, remove (operator)',
        '余额以外的支付渠道：列出；类型、添加、修改、删除（管理员）',
      ),
    )
  connections
    .command('list', { isDefault: true })
    .description(say('list payment connections', '列出支付渠道'))
    .action(bind<[object]>(listPaymentConnectionsCommand))
  addKindsCommand(connections, bind, say, 'payment')
  addSettingsOptions(connections.command('add'), say)
    .argument('<id>', say('lower-case letters, digits and hyphens', '小写字母、数字和连字符'))
    .description(say('connect a payment provider', '连接支付服务商'))
    .requiredOption('--title <text>', say('what payers see', '付款人看到的名称'))
    .requiredOption('--kind <kind>', say('see evercert payment-connections kinds', '参见 evercert payment-connections kinds'))
    .action(bind<[string, AddPaymentConnectionOptions]>(addPaymentConnectionCommand))
  addSettingsOptions(connections.command('change'), say)
    .argument('<id>', say('id of the connection', '支付渠道编号'))
    .description(
      say(
        'change title or settings, or stop new payments; settings are given in full',
        '修改名称或设置，或停止新的支付；设置须完整提供',
      ),
    )
    .option('--title <text>', say('what payers see', '付款人看到的名称'))
    .addOption(new Option('--enable', say('take payments again', '恢复收款')).conflicts('disable'))
    .option('--disable', say('take no new payments; open ones go on', '不再接受新的支付；进行中的继续'))
    .action(bind<[string, ChangePaymentConnectionOptions]>(changePaymentConnectionCommand))
  connections
    .command('remove')
    .argument('<id>', say('id of the connection', '支付渠道编号'))
    .description(say('forget a connection by which nobody ever paid', '删除从未用于付款的支付渠道'))
    .action(bind<[string, object]>(removePaymentConnectionCommand))
}
