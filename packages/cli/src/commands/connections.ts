/**
 * `evercert dns-connections` and `evercert payment-connections`: what validates names by itself, and the ways to pay besides the balance.
 *
 * @module
 */
import type { PaymentConnectionView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { failure } from '../failure.ts'
import { clean, formatTable } from '../output.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { hasSettings, type SettingsOptions } from '../settings/given.ts'
import { readSettings } from '../settings/read-settings.ts'

type DnsConnection = Awaited<ReturnType<Client['dnsConnections']['create']>>

export const listDnsConnectionsCommand = listCommand({
  load: (client) => client.dnsConnections.list(),
  none: ['No DNS connection.', '没有 DNS 连接。'],
  format: formatDnsConnections,
})

export interface AddDnsConnectionOptions extends SettingsOptions {
  readonly name: string
  readonly kind: string
}

export async function addDnsConnectionCommand(session: Session, options: AddDnsConnectionOptions): Promise<number> {
  const { name, kind } = options
  const config = await readSettings(session, { port: 'dns', kind, options })
  const connection = await (await session.client()).dnsConnections.create({ name, kind, config })
  session.document(connection)
  session.print(
    ...formatDnsConnections(session, [connection]),
    session.say(
      `Use it: evercert apply <certificate> --dns-connection ${connection.id}`,
      `使用：evercert apply <证书> --dns-connection ${connection.id}`,
    ),
  )
  return 0
}

export interface ChangeDnsConnectionOptions extends SettingsOptions {
  readonly name?: string
}

/** Settings and secrets that are left out stay. */
export async function changeDnsConnectionCommand(
  session: Session,
  wanted: string,
  options: ChangeDnsConnectionOptions,
): Promise<number> {
  const client = await session.client()
  const { id, kind } = await findDnsConnection(client, wanted)
  const { name } = options
  const config = hasSettings(options)
    ? await readSettings(session, { port: 'dns', kind, options, kept: (await client.dnsConnections.get({ id })).config })
    : null
  const change = { id, ...(name !== undefined && { name }), ...(config !== null && { config }) }
  const connection = await client.dnsConnections.update(change)
  session.document(connection)
  session.print(...formatDnsConnections(session, [connection]))
  return 0
}

export async function removeDnsConnectionCommand(session: Session, wanted: string): Promise<number> {
  const client = await session.client()
  const { id, name } = await findDnsConnection(client, wanted)
  session.document(await client.dnsConnections.remove({ id }))
  session.print(session.say(`Removed the DNS connection ${name}.`, `已删除 DNS 连接 ${name}。`))
  return 0
}

async function findDnsConnection(client: Client, wanted: string): Promise<DnsConnection> {
  const { items } = await client.dnsConnections.list()
  const found = items.find(({ id, name }) => id === wanted || name === wanted)
  if (found !== undefined) return found
  throw failure('notFound', {
    en: `Looking up DNS connection ${clean(wanted)}: there is none with this name or id: see evercert dns-connections.`,
    zh: `查找 DNS 连接 ${clean(wanted)}：没有此名称或编号，请查看 “evercert dns-connections”。`,
  })
}

export async function removePaymentConnectionCommand(session: Session, id: string): Promise<number> {
  session.document(await (await session.client()).paymentConnections.remove({ id }))
  session.print(session.say(`Removed the payment connection ${id}.`, `已删除支付渠道 ${id}。`))
  return 0
}

function formatDnsConnections({ say, paint, columns }: Session, connections: readonly DnsConnection[]): string[] {
  const rows = connections.map(({ id, name, kind }) => [{ text: name }, { text: kind }, { text: id, colour: 'dim' as const }])
  return formatTable([say('NAME', '名称'), say('KIND', '类型'), say('ID', '编号')], rows, { paint, columns })
}

export const listPaymentConnectionsCommand = listCommand({
  load: (client) => client.paymentConnections.list(),
  none: ['No payment connection: orders are paid from the balance.', '没有支付渠道：订单使用余额支付。'],
  format: formatPaymentConnections,
})

export interface AddPaymentConnectionOptions extends SettingsOptions {
  readonly title: string
  readonly kind: string
}

export async function addPaymentConnectionCommand(
  session: Session,
  id: string,
  options: AddPaymentConnectionOptions,
): Promise<number> {
  const { title, kind } = options
  const config = await readSettings(session, { port: 'payment', kind, options })
  return show(session, await (await session.client()).paymentConnections.create({ id, title, kind, config }))
}

export interface ChangePaymentConnectionOptions extends SettingsOptions {
  readonly title?: string
  /** True with `--enable`, false with `--disable`. */
  readonly enable?: boolean
  readonly disable?: boolean
}

/** `--set` changes one of the settings that there are; `--config` has all of them. Secrets that are left out stay. */
export async function changePaymentConnectionCommand(
  session: Session,
  id: string,
  options: ChangePaymentConnectionOptions,
): Promise<number> {
  const { title, enable, disable } = options
  const client = await session.client()
  const { kind } = await findPaymentConnection(client, id)
  const kept = hasSettings(options) ? (await client.paymentConnections.get({ id })).config : {}
  const change = {
    ...(title !== undefined && { title }),
    ...((enable === true || disable === true) && { enabled: enable === true }),
    ...(hasSettings(options) && { config: await readSettings(session, { port: 'payment', kind, options, kept }) }),
  }
  return show(session, await client.paymentConnections.update({ id, ...change }))
}

async function findPaymentConnection(client: Client, id: string): Promise<PaymentConnectionView> {
  const found = (await client.paymentConnections.list()).items.find((each) => each.id === id)
  if (found !== undefined) return found
  throw failure('notFound', {
    en: `Looking up payment connection ${clean(id)}: there is none with this id: see evercert payment-connections list.`,
    zh: `查找支付渠道 ${clean(id)}：没有此编号，请查看 “evercert payment-connections list”。`,
  })
}

function show(session: Session, connection: PaymentConnectionView): number {
  session.document(connection)
  session.print(...formatPaymentConnections(session, [connection]))
  return 0
}

function formatPaymentConnections({ say, paint, columns }: Session, connections: readonly PaymentConnectionView[]): string[] {
  const header = [
    say('TITLE', '名称'),
    say('KIND', '类型'),
    say('STATE', '状态'),
    say('REPORTS TO', '回调地址'),
    say('ID', '编号'),
  ]
  const rows = connections.map(({ id, title, kind, enabled, callbackUrl }) => [
    { text: title },
    { text: kind },
    {
      text: enabled ? say('enabled', '已启用') : say('disabled', '已停用'),
      colour: enabled ? ('green' as const) : ('dim' as const),
    },
    { text: callbackUrl ?? '–' },
    { text: id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 0 })
}
