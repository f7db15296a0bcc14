/**
 * Notices as they are read: the list, the inbox, and what became of each delivery.
 *
 * @module
 */
import type { DeliveryView, NoticeView } from '@evercert/contract'
import { sql } from 'kysely'
import type { NoticeDetail } from '../../db/notice-tables.ts'
import { AppError } from '../../domain/errors.ts'
import { seenBy } from '../access/narrowing.ts'
import { isAboutMoney, NOTICE_KINDS, type NoticeKind } from '../../domain/notice/notice-kinds.ts'
import { notFound, type Caller, type Services } from '../context.ts'
import { noticeUrl } from './message.ts'
import { noticePlace } from './place.ts'
import { noticeText } from './texts.ts'

export interface NoticeQuery {
  readonly certificateId?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
}

const CURSOR = /^ntc_[0-9a-z]{26}$/

/** Newest first. @throws AppError `invalid` for a cursor that this list did not give */
export async function listNotices(
  services: Services,
  caller: Caller,
  query: NoticeQuery,
  only: 'all' | 'unread' = 'all',
): Promise<{ items: NoticeView[]; nextCursor: string | null }> {
  if (query.cursor !== undefined && !CURSOR.test(query.cursor))
    throw new AppError('invalid', 'Reading the cursor: it is not one of this list: take nextCursor as it came.')
  let select = noticeQuery(services, caller)
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
  if (query.cursor !== undefined) select = select.where('id', '<', query.cursor)
  if (query.certificateId !== undefined) select = select.where('certificate_id', '=', query.certificateId)
  if (only === 'unread') select = select.where('read_at', 'is', null)
  const rows = await select.execute()
  const items = await toViews(services, caller, rows.slice(0, query.limit))
  return { items, nextCursor: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null }
}

const FOR_EVERYBODY = 'notices:write'

/** May be repeated; the first time counts. @throws AppError `notFound`, `forbidden` for what is everybody's */
export async function markRead(services: Services, caller: Caller, id: string): Promise<NoticeView> {
  // What the caller does not see stays unread.
  const seen = await noticeQuery(services, caller).where('id', '=', id).executeTakeFirst()
  if (seen === undefined) throw notFound('notice', id)
  if (seen.for_user_id === null && !caller.scopes.has(FOR_EVERYBODY))
    throw new AppError('forbidden', `Marking ${id} read: it is for everybody, which takes the permission ${FOR_EVERYBODY}.`, {
      facts: { scope: FOR_EVERYBODY },
    })
  await services.db
    .updateTable('notice')
    .set({ read_at: new Date(services.now()) })
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .where('read_at', 'is', null)
    .execute()
  const row = await noticeQuery(services, caller).where('id', '=', id).executeTakeFirstOrThrow()
  const [view] = await toViews(services, caller, [row])
  if (view === undefined) throw notFound('notice', id)
  return view
}

const OF_MONEY = NOTICE_KINDS.filter((kind) => isAboutMoney(kind))

function noticeQuery(services: Services, caller: Caller) {
  const query = services.db
    .selectFrom('notice')
    .select(['id', 'kind', 'certificate_id', 'facts', 'created_at', 'read_at', 'for_user_id'])
    .where('account_id', '=', caller.accountId)
    .where(seenBy(caller, 'certificate_id'))
    .where(isFor(caller.userId ?? null))
  return caller.scopes.has('orders:read') ? query : query.where('kind', 'not in', OF_MONEY)
}

/** One's own, and what is for everybody unless one has the same for oneself. */
function isFor(userId: string | null) {
  return sql<boolean>`(notice.for_user_id = ${userId} or notice.for_user_id is null and not exists (
    select 1 from notice own where own.account_id = notice.account_id and own.for_user_id = ${userId} and own.kind = notice.kind
      and own.occasion = notice.occasion || ':' || own.for_user_id))`
}

interface NoticeRow {
  readonly id: string
  readonly kind: NoticeKind
  readonly certificate_id: string | null
  readonly facts: NoticeDetail
  readonly created_at: Date
  readonly read_at: Date | null
  readonly for_user_id: string | null
}

async function toViews(services: Services, caller: Caller, rows: readonly NoticeRow[]): Promise<NoticeView[]> {
  const deliveries = await loadDeliveries(
    services,
    caller,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => {
    const subject = { kind: row.kind, certificateId: row.certificate_id, facts: row.facts }
    const { path, trail } = noticePlace(subject)
    return {
      id: row.id,
      kind: row.kind,
      certificateId: row.certificate_id,
      certificateName: row.facts.certificateName,
      isPersonal: row.for_user_id !== null,
      ...noticeText(subject, row.created_at.getTime()),
      url: noticeUrl(services, subject),
      place: { path, title: trail.at(-1) ?? { en: path, zh: path } },
      createdAt: row.created_at.toISOString(),
      readAt: row.read_at?.toISOString() ?? null,
      deliveries: deliveries.get(row.id) ?? [],
    }
  })
}

async function loadDeliveries(
  services: Services,
  caller: Caller,
  noticeIds: readonly string[],
): Promise<ReadonlyMap<string, DeliveryView[]>> {
  if (noticeIds.length === 0) return new Map()
  const rows = await services.db
    .selectFrom('notice_delivery')
    .innerJoin('notice_channel', 'notice_channel.id', 'notice_delivery.channel_id')
    .select([
      'notice_delivery.id',
      'notice_delivery.notice_id',
      'notice_delivery.channel_id',
      'notice_channel.name',
      'notice_delivery.state',
      'notice_delivery.attempts',
      'notice_delivery.attempt_at',
      'notice_delivery.sent_at',
      'notice_delivery.problem_code',
      'notice_delivery.problem',
    ])
    .where('notice_delivery.account_id', '=', caller.accountId)
    .where('notice_delivery.notice_id', 'in', [...noticeIds])
    .orderBy('notice_delivery.created_at')
    .orderBy('notice_delivery.channel_id') // in the order of the channels
    .execute()
  const views = rows.map((row) => ({
    noticeId: row.notice_id,
    view: {
      id: row.id,
      channelId: row.channel_id,
      channelName: row.name,
      state: row.state,
      attempts: row.attempts,
      nextAttemptAt: row.state === 'planned' || row.state === 'failed' ? row.attempt_at.toISOString() : null,
      sentAt: row.sent_at?.toISOString() ?? null,
      problem: row.problem_code === null || row.problem === null ? null : { code: row.problem_code, detail: row.problem },
    } satisfies DeliveryView,
  }))
  return new Map(
    [...Map.groupBy(views, ({ noticeId }) => noticeId)].map(([noticeId, group]) => [noticeId, group.map(({ view }) => view)]),
  )
}
