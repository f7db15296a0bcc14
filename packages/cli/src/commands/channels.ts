/**
 * `evercert channels`: where notices go.
 *
 * @module
 */
import { channelRole, type ChannelView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { failure } from '../failure.ts'
import { formatTable } from '../output.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { hasSettings, wrongOption, type SettingsOptions } from '../settings/given.ts'
import { readSettings } from '../settings/read-settings.ts'

export const listChannelsCommand = listCommand({
  load: (client) => client.channels.list(),
  none: ['No channel: notices are in the inbox alone.', '没有通知渠道：通知仅保存在收件箱中。'],
  format: formatChannels,
})

export interface AddChannelOptions extends SettingsOptions {
  readonly name: string
  readonly kind: string
  readonly role?: string
}

export async function addChannelCommand(session: Session, options: AddChannelOptions): Promise<number> {
  const role = channelRole.safeParse(options.role ?? 'always')
  if (!role.success) throw wrongOption('--role', 'take always or fallback', '请使用 always 或 fallback')
  const { name, kind } = options
  const config = await readSettings(session, { port: 'notify', kind, options })
  const client = await session.client()
  return show(session, await client.channels.create({ name, kind, role: role.data, config }))
}

export interface ChangeChannelOptions extends SettingsOptions {
  readonly name?: string
  readonly role?: ChannelView['role']
}

/** `--set` changes one of the settings that there are; `--config` has all of them. Secrets that are left out stay. */
export async function changeChannelCommand(session: Session, wanted: string, options: ChangeChannelOptions): Promise<number> {
  const { name, role } = options
  const client = await session.client()
  const { id, kind } = await findChannel(client, wanted)
  const kept = hasSettings(options) ? (await client.channels.get({ id })).config : {}
  const change = {
    ...(name !== undefined && { name }),
    ...(role !== undefined && { role }),
    ...(hasSettings(options) && { config: await readSettings(session, { port: 'notify', kind, options, kept }) }),
  }
  return show(session, await client.channels.update({ id, ...change }))
}

function show(session: Session, channel: ChannelView): number {
  session.document(channel)
  session.print(...formatChannels(session, [channel]))
  return 0
}

/** Exits with 1 when the message did not arrive. */
export async function testChannelCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id, name } = await findChannel(client, wanted)
  const result = await client.channels.test({ id })
  session.document(result)
  const mark = result.delivered ? session.paint('green', '✔') : session.paint('red', '✖')
  const text = result.delivered ? session.say('delivered', '已送达') : session.say('not delivered', '未送达')
  session.print(`${mark} ${name}: ${text}`, `  ${result.detail}${result.code === null ? '' : ` (${result.code})`}`)
  return result.delivered ? 0 : 1
}

export async function removeChannelCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id, name } = await findChannel(client, wanted)
  session.document(await client.channels.remove({ id }))
  session.print(session.say(`Removed the channel ${name}.`, `已删除通知渠道 ${name}。`))
  return 0
}

async function findChannel(client: Client, wanted: string): Promise<ChannelView> {
  const { items } = await client.channels.list()
  const found = items.find(({ id, name }) => id === wanted || name === wanted)
  if (found !== undefined) return found
  throw failure('notFound', {
    en: `Looking up channel ${wanted}: there is none with this name or id: see evercert channels list.`,
    zh: `查找通知渠道 ${wanted}：没有此名称或编号，请查看 “evercert channels list”。`,
  })
}

function formatChannels({ say, paint, columns }: Session, channels: readonly ChannelView[]): string[] {
  const header = [say('NAME', '名称'), say('KIND', '类型'), say('ROLE', '角色'), say('ID', '编号')]
  const roles = { always: say('always', '始终发送'), fallback: say('fallback', '备用') }
  const rows = channels.map(({ name, kind, role, id }) => [
    { text: name },
    { text: kind },
    { text: roles[role] },
    { text: id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 0 })
}
