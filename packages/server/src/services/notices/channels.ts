/**
 * Channels: where notices go.
 *
 * @module
 */
import type { ChannelDetail, ChannelTestView, ChannelView } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import { violatedIndex } from '../../db/later.ts'
import { transition, type Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import type { NotifyChannel } from '../../ports/notify.ts'
import { findAdapter, newId, notFound, parseConfig, parseNewConfig, type Caller, type Services } from '../context.ts'
import { withKeptSecrets, withoutSecrets } from '../secret-settings.ts'
import { loadSettings } from './settings.ts'
import { testText } from './texts.ts'

const MAX_CHANNELS = 20

export interface NewChannel {
  readonly name: string
  readonly kind: string
  readonly role: 'always' | 'fallback'
  readonly config: unknown
}

/** @throws AppError `invalid`, `misconfigured`, `duplicateName` */
export async function createChannel(services: Services, caller: Caller, channel: NewChannel): Promise<ChannelView> {
  const adapter = findAdapter(services.adapters.notify, channel.kind, 'channel')
  parseNewConfig(adapter, channel.config)
  const { accountId } = caller
  const { name, kind, role } = channel
  const id = newId(services, 'chn')
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    await refuseTooMany(trx, accountId)
    const secretId = await sealConfig(services, trx, accountId, channel.config)
    const result = await trx
      .insertInto('notice_channel')
      .values({
        id,
        account_id: accountId,
        name,
        kind,
        role,
        config_secret_id: secretId,
        created_at: new Date(now),
        removed_at: null,
      })
      .onConflict((conflict) => conflict.columns(['account_id', 'name']).where('removed_at', 'is', null).doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n)
      throw new AppError('duplicateName', `Adding channel ${name}: there is one with this name: choose another.`)
  })
  return { id, name, kind, role, createdAt: new Date(now).toISOString() }
}

export interface ChannelChange {
  readonly name?: string | undefined
  readonly role?: 'always' | 'fallback' | undefined
  /** All settings anew, except for secrets that are left out: those stay. */
  readonly config?: Record<string, unknown> | undefined
}

/** What waits goes out by the new settings. @throws AppError `notFound`, `invalid`, `duplicateName` */
export async function updateChannel(
  services: Services,
  caller: Caller,
  id: string,
  { name, role, config }: ChannelChange,
): Promise<ChannelView> {
  const { accountId } = caller
  await services.db
    .transaction()
    .execute(async (trx) => {
      const { kind, configSecretId } = await lockChannel(trx, accountId, id)
      const adapter = findAdapter(services.adapters.notify, kind, 'channel')
      const old: unknown = JSON.parse(await services.vault.open(trx, configSecretId, 'channelConfig'))
      const settings = config === undefined ? undefined : withKeptSecrets(adapter.config, config, old)
      if (settings !== undefined) parseNewConfig(adapter, settings)
      await trx
        .updateTable('notice_channel')
        .set({
          id,
          ...(name !== undefined && { name }),
          ...(role !== undefined && { role }),
          ...(settings !== undefined && { config_secret_id: await sealConfig(services, trx, accountId, settings) }),
        })
        .where('account_id', '=', accountId)
        .where('id', '=', id)
        .execute()
      if (settings === undefined) return
      await trx.deleteFrom('secret').where('id', '=', configSecretId).where('account_id', '=', accountId).execute()
    })
    .catch((error: unknown) => {
      if (violatedIndex(error) === null) throw error
      throw new AppError('duplicateName', `Changing channel ${id}: there is one with the name ${name}: choose another.`)
    })
  const changed = (await listChannels(services, caller)).find((channel) => channel.id === id)
  if (changed === undefined) throw notFound('channel', id)
  return changed
}

async function lockChannel(trx: Trx, accountId: string, id: string) {
  await trx
    .selectFrom('notice_channel')
    .select('id')
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return loadChannel(trx, accountId, id)
}

function sealConfig(services: Services, trx: Trx, accountId: string, config: unknown): Promise<string> {
  return services.vault.seal(trx, {
    purpose: 'channelConfig',
    accountId,
    plaintext: JSON.stringify(config),
    now: services.now(),
  })
}

async function refuseTooMany(trx: Trx, accountId: string): Promise<void> {
  const { count } = await trx
    .selectFrom('notice_channel')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (count < MAX_CHANNELS) return
  throw new AppError('invalid', `Adding a channel: there are ${MAX_CHANNELS} already: remove one that nobody reads.`)
}

export async function listChannels(services: Services, caller: Caller): Promise<ChannelView[]> {
  const rows = await services.db
    .selectFrom('notice_channel')
    .select(['id', 'name', 'kind', 'role', 'created_at'])
    .where('account_id', '=', caller.accountId)
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute()
  return rows.map(({ id, name, kind, role, created_at: createdAt }) => ({
    id,
    name,
    kind,
    role,
    createdAt: createdAt.toISOString(),
  }))
}

/** With its settings, without their secrets. @throws AppError `notFound` */
export async function loadChannelDetail(services: Services, caller: Caller, id: string): Promise<ChannelDetail> {
  const view = (await listChannels(services, caller)).find((channel) => channel.id === id)
  if (view === undefined) throw notFound('channel', id)
  const { kind, configSecretId } = await loadChannel(services.db, caller.accountId, id)
  const raw: unknown = JSON.parse(await services.vault.open(services.db, configSecretId, 'channelConfig'))
  const { config, secretsSet } = withoutSecrets(findAdapter(services.adapters.notify, kind, 'channel').config, raw)
  return { ...view, config, secretsSet: [...secretsSet] }
}

/** Its settings are deleted; what it delivered stays on record, and what it has not delivered is not delivered by it. @throws AppError `notFound` */
export async function removeChannel(services: Services, caller: Caller, id: string): Promise<{ readonly id: string }> {
  const { accountId, actor } = caller
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    const { configSecretId } = await loadChannel(trx, accountId, id)
    await trx
      .updateTable('notice_channel')
      .set({ removed_at: new Date(now), config_secret_id: null })
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .execute()
    await trx.deleteFrom('secret').where('id', '=', configSecretId).where('account_id', '=', accountId).execute()
    const waiting = await trx
      .selectFrom('notice_delivery')
      .select(['id', 'state'])
      .where('account_id', '=', accountId)
      .where('channel_id', '=', id)
      .where('state', 'in', ['planned', 'failed'])
      .execute()
    for (const delivery of waiting) {
      const detail = 'the channel was removed'
      const facts = { accountId, certificateId: null, actor, detail, now }
      await transition(trx, { ...facts, subject: 'notice_delivery', id: delivery.id, from: delivery.state, to: 'obsolete' })
    }
  })
  return { id }
}

export interface OpenChannel {
  readonly name: string
  readonly channel: NotifyChannel
}

/** @throws AppError `notFound`, `misconfigured`, `invalid` */
export async function openChannel(services: Services, accountId: string, id: string): Promise<OpenChannel> {
  const { name, kind, configSecretId } = await loadChannel(services.db, accountId, id)
  const adapter = findAdapter(services.adapters.notify, kind, 'channel')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, configSecretId, 'channelConfig'))
  return { name, channel: adapter.create(parseConfig(adapter, raw), services.kit) }
}

async function loadChannel(db: Db | Trx, accountId: string, id: string) {
  const row = await db
    .selectFrom('notice_channel')
    .select(['name', 'kind', 'config_secret_id'])
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined || row.config_secret_id === null) throw notFound('channel', id)
  return { name: row.name, kind: row.kind, configSecretId: row.config_secret_id }
}

/** Sends one message now, also in quiet hours: somebody waits for it. @throws AppError `notFound` */
export async function testChannel(services: Services, caller: Caller, id: string): Promise<ChannelTestView> {
  const { name, channel } = await openChannel(services, caller.accountId, id)
  const { language, recipients } = (await loadSettings(services.db, [caller.accountId]))(caller.accountId)
  const { title, text } = testText(name)
  const now = services.now()
  try {
    const detail = await channel.send({
      id: newId(services, 'ntc'),
      kind: 'test',
      language,
      title: title[language],
      text: text[language],
      url: services.publicUrl,
      createdAt: now,
      facts: { channel: { id, name } },
      recipients,
    })
    return { delivered: true, detail, code: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    services.log.info({ event: 'channel.testFailed', channelId: id, code: error.code })
    return { delivered: false, detail: error.message, code: error.code }
  }
}
