/**
 * The commands around notices: what was told, the settings, and the channels that carry it.
 *
 * @module
 */
import { Option, type Command } from 'commander'
import { channelRole } from '@evercert/contract'
import type { Bind } from './applicant-commands.ts'
import {
  addChannelCommand,
  changeChannelCommand,
  listChannelsCommand,
  removeChannelCommand,
  testChannelCommand,
  type AddChannelOptions,
  type ChangeChannelOptions,
} from './commands/channels.ts'
import { noticeSettingsCommand, type NoticeSettingsOptions } from './commands/notice-settings.ts'
import { noticesCommand, type NoticesOptions } from './commands/notices.ts'
import type { Say } from './language.ts'
import { addSettingsOptions } from './settings/given.ts'
import { addKindsCommand } from './settings/kinds.ts'

export function addNoticeCommands(program: Command, bind: Bind, say: Say): void {
  const notices = program.command('notices').description(say('what was told: list, settings', '通知：列出、设置'))
  notices
    .command('list', { isDefault: true })
    .description(say('list notices and how they were delivered, newest first', '列出通知及其送达情况，最新在前'))
    .option('--certificate <certificate>', say('id, its beginning, name or domain', '编号、编号前缀、名称或域名'))
    .option('--unread', say('only what nobody has read', '仅未读'))
    .option('--read <id>', say('show this notice and mark it read', '显示该通知并标记为已读'))
    .action(bind<[NoticesOptions]>(noticesCommand))
  addNoticeSettings(notices, bind, say)
  addChannels(program, bind, say)
}

function addNoticeSettings(notices: Command, bind: Bind, say: Say): void {
  const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text]
  notices
    .command('settings')
    .description(
      say('show when and to whom notices go, and change what the options name', '查看通知的时间与收件人，并按选项修改'),
    )
    .option('--leads <days>', say('before expiry, separated by commas', '到期前的天数，以逗号分隔'))
    .option(
      '--quiet <from-until>',
      say('send nothing then, such as 22:00-07:00; or none', '免打扰时段，如 22:00-07:00；none 表示无'),
    )
    .option('--time-zone <name>', say('of the quiet hours, such as Asia/Shanghai', '免打扰时段的时区，如 Asia/Shanghai'))
    .addOption(new Option('--notice-language <language>', say('of the notices', '通知的语言')).choices(['en', 'zh']))
    .option('--add-recipient <recipient>', say('"Name <address>"; repeat it', '“姓名 <邮箱>”；可重复'), collect)
    .option('--remove-recipient <address>', say('who gets no more mails; repeat it', '移除收件人的邮箱；可重复'), collect)
    .action(bind<[NoticeSettingsOptions]>(noticeSettingsCommand))
}

function addChannels(program: Command, bind: Bind, say: Say): void {
  const channels = program
    .command('channels')
    .description(say('where notices go: list, kinds, add, change, test, remove', '通知渠道：列出、类型、添加、修改、测试、删除'))
  const channel = say('name or id', '名称或编号')
  const role = (): Option =>
    new Option('--role <role>', say('always, or fallback: when another channel fails', 'always 始终；fallback 其他渠道失败时'))
  channels
    .command('list', { isDefault: true })
    .description(say('list channels', '列出通知渠道'))
    .action(bind<[object]>(listChannelsCommand))
  addKindsCommand(channels, bind, say, 'notify')
  addSettingsOptions(channels.command('add'), say)
    .description(say('add a channel', '添加通知渠道'))
    .requiredOption('--name <name>', say('name in the list', '列表中的名称'))
    .requiredOption('--kind <kind>', say('see evercert channels kinds', '参见 evercert channels kinds'))
    .addOption(role())
    .action(bind<[AddChannelOptions]>(addChannelCommand))
  addSettingsOptions(channels.command('change'), say)
    .argument('<channel>', channel)
    .description(say('change name, role or settings; settings are given in full', '修改名称、角色或设置；设置须完整提供'))
    .option('--name <name>', say('name in the list', '列表中的名称'))
    .addOption(role().choices(channelRole.options))
    .action(bind<[string, ChangeChannelOptions]>(changeChannelCommand))
  channels
    .command('test')
    .argument('<channel>', channel)
    .description(say('send a test message (exit code 1 when it does not arrive)', '发送测试消息（未送达时退出码为 1）'))
    .action(bind<[string, object]>(testChannelCommand))
  channels
    .command('remove')
    .argument('<channel>', channel)
    .description(say('forget a channel and its settings', '删除通知渠道及其设置'))
    .action(bind<[string, object]>(removeChannelCommand))
}
