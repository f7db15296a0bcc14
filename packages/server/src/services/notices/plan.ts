/**
 * From what happened, or from the calendar, to notices with their deliveries: each once, in one transaction.
 *
 * @module
 */
import { sql } from 'kysely'
import type { CreditedMoney, NoticeDetail, NoticeOutlook } from '../../db/notice-tables.ts'
import type { Trx } from '../../db/transition.ts'
import { decideNotice, expiringIssuance } from '../../domain/notice/decide-notice.ts'
import { isSent, type NoticeKind } from '../../domain/notice/notice-kinds.ts'
import { nextAllowed } from '../../domain/notice/quiet-hours.ts'
import { newId, type Services } from '../context.ts'
import { loadSubjects, type NoticeSubject } from './facts.ts'
import { loadOutlook } from './outlook.ts'
import { loadSettings } from './settings.ts'

const MAX_PER_ROUND = 500

interface WantedNotice {
  readonly accountId: string
  readonly certificateId: string | null
  readonly kind: NoticeKind
  /** What makes it the same notice if it is planned again. */
  readonly occasion: string
  readonly facts: NoticeDetail
  /** For this member alone, by mail; absent: for everybody, by the account's channels. */
  readonly forUserId?: string
}

/**
 * Plans what is due by the calendar, and when to look at each certificate again. Costs by what is due. Two nodes share the work: what one
 * has locked the other leaves out.
 *
 * @returns how many certificates were looked at; {@link MAX_PER_ROUND} means that there may be more
 */
export async function planDueNotices(services: Services): Promise<number> {
  const now = services.now()
  if (!(await isAnythingDue(services, now))) return 0
  return services.db.transaction().execute(async (trx) => {
    const due = await sql<{ id: string }>`select id from certificate where next_notice_at <= ${new Date(now)}
      order by next_notice_at limit ${MAX_PER_ROUND} for update skip locked`.execute(trx)
    if (due.rows.length === 0) return 0
    const subjects = await loadSubjects(
      trx,
      due.rows.map(({ id }) => id),
    )
    const settingsOf = await loadSettings(
      trx,
      subjects.map(({ accountId }) => accountId),
    )
    const decided = subjects.map((subject) => ({
      subject,
      decision: decideNotice(subject.facts, settingsOf(subject.accountId).leadsDays, now),
    }))
    const outlooks = new Map<string, NoticeOutlook | null>()
    for (const { subject, decision } of decided)
      if (decision.due?.progress === 'none') outlooks.set(subject.certificateId, await loadOutlook(services, trx, subject))
    await storeNotices(
      services,
      trx,
      decided.flatMap(({ subject, decision: { due: stage } }) =>
        stage === null
          ? []
          : [
              {
                accountId: subject.accountId,
                certificateId: subject.certificateId,
                kind: stage.kind,
                occasion: `${stage.issuanceId}:${stage.days}`,
                facts: {
                  ...describe(subject),
                  notAfter: stage.notAfter,
                  stageDays: stage.days,
                  progress: stage.progress,
                  outlook: outlooks.get(subject.certificateId) ?? null,
                },
              },
            ],
      ),
    )
    const ids = decided.map(({ subject }) => subject.certificateId)
    const times = decided.map(({ decision: { nextAt } }) => (nextAt === null ? null : new Date(nextAt).toISOString()))
    await sql`update certificate set next_notice_at = looked.at
      from unnest(${ids}::text[], ${times}::timestamptz[]) as looked (id, at) where certificate.id = looked.id`.execute(trx)
    return due.rows.length
  })
}

/** Most rounds end here, without a transaction. In the order of the index: else a plan for any moment reads the table from its beginning. */
async function isAnythingDue({ db }: Services, now: number): Promise<boolean> {
  const { rows } =
    await sql`select 1 from certificate where next_notice_at <= ${new Date(now)} order by next_notice_at limit 1`.execute(db)
  return rows.length > 0
}

function describe(subject: NoticeSubject): NoticeDetail {
  const { name, names, facts } = subject
  const notAfter = expiringIssuance(facts)?.notAfter ?? null
  return { certificateName: name, names, notAfter, stageDays: null, progress: null, detail: null, place: null }
}

export interface HappenedNotice {
  readonly certificateId: string
  readonly kind: Exclude<NoticeKind, 'expiry' | 'expired'>
  /** The same for repetitions of the same failure, which are not told again. */
  readonly occasion: string
  /** What happened and what to do, as an AppError says it: no secret. Null when the title says it all. */
  readonly detail: string | null
  /** The target, channel or certificate type that it is about. */
  readonly place?: string
  /** Of `revokedByCa`: the intermediate that was revoked, and not the certificate. */
  readonly issuer?: string
  /** Of `endpointStrayed`: it was not seen to serve the certificate before. */
  readonly neverProved?: true
}

/** Plans a notice of something that happened, in the transaction that records it. @returns whether it is new */
export async function planNotice(services: Services, trx: Trx, happened: HappenedNotice): Promise<boolean> {
  const [subject] = await loadSubjects(trx, [happened.certificateId])
  if (subject === undefined) return false
  const { accountId, certificateId } = subject
  const { kind, occasion, detail, place = null, issuer, neverProved } = happened
  const facts = {
    ...describe(subject),
    detail,
    place,
    ...(issuer !== undefined && { issuer }),
    ...(neverProved && { neverProved }),
  }
  return (await storeNotices(services, trx, [{ accountId, certificateId, kind, occasion, facts }])) > 0
}

const NOTHING = { notAfter: null, stageDays: null, progress: null } as const

/** Plans a notice about the account, or about one of its certificates without its dates. @param subject what it is about, for people */
export async function planAccountNotice(
  services: Services,
  trx: Trx,
  happened: Omit<HappenedNotice, 'certificateId'> & {
    readonly accountId: string
    readonly certificateId: string | null
    readonly subject: string
    readonly money?: CreditedMoney
    /** Of `revokedByCa`: how many certificates it is about. */
    readonly count?: number
  },
): Promise<void> {
  const { accountId, certificateId, kind, occasion, subject, detail, place = null, money = null, issuer, count } = happened
  const revoked = { ...(issuer !== undefined && { issuer }), ...(count !== undefined && { count }) }
  const facts = { certificateName: subject, names: [], ...NOTHING, detail, place, money, ...revoked }
  await storeNotices(services, trx, [{ accountId, certificateId, kind, occasion, facts }])
}

export interface PersonalNotice {
  readonly accountId: string
  readonly certificateId: string | null
  readonly kind: 'approvalWaiting' | 'approvalDecided'
  readonly occasion: string
  readonly facts: Pick<NoticeDetail, 'detail' | 'place' | 'outcome'>
  readonly subject: string
}

/** The same for some members, each by themselves: in their inbox, and by mail where a channel for mail is. */
export async function planPersonalNotices(
  services: Services,
  trx: Trx,
  userIds: readonly string[],
  { accountId, certificateId, kind, occasion, facts, subject }: PersonalNotice,
): Promise<void> {
  const whole = { certificateName: subject, names: [], notAfter: null, stageDays: null, progress: null, ...facts }
  await storeNotices(
    services,
    trx,
    userIds.map((forUserId) => ({
      accountId,
      certificateId,
      kind,
      occasion: `${occasion}:${forUserId}`,
      facts: whole,
      forUserId,
    })),
  )
}

/** Those that are there already stay as they are. @returns how many are new */
async function storeNotices(services: Services, trx: Trx, wanted: readonly WantedNotice[]): Promise<number> {
  if (wanted.length === 0) return 0
  const now = new Date(services.now())
  const stored = await trx
    .insertInto('notice')
    .values(
      wanted.map(({ accountId, certificateId, kind, occasion, facts, forUserId = null }) => ({
        id: newId(services, 'ntc'),
        account_id: accountId,
        certificate_id: certificateId,
        kind,
        occasion,
        facts: JSON.stringify(facts),
        created_at: now,
        read_at: null,
        for_user_id: forUserId,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning(['id', 'account_id', 'kind', 'for_user_id'])
    .execute()
  const accountIds = stored.filter(({ kind }) => isSent(kind)).map(({ account_id: accountId }) => accountId)
  const channelsOf = await loadChannels(trx, accountIds)
  await storeDeliveries(
    services,
    trx,
    stored
      .filter(({ kind }) => isSent(kind))
      .flatMap(({ id: noticeId, account_id: accountId, for_user_id: forUserId }) =>
        firstOf((channelsOf.get(accountId) ?? []).filter(({ kind }) => forUserId === null || kind === MAIL)).map(
          ({ id: channelId }) => ({ accountId, noticeId, channelId }),
        ),
      ),
  )
  return stored.length
}

/** The kind of channel that reaches one person. */
export const MAIL = 'smtp'

interface Channel {
  readonly id: string
  readonly kind: string
  readonly role: 'always' | 'fallback'
}

/** The channels that carry everything; where there is none, the first of the others. */
function firstOf(channels: readonly Channel[]): readonly Channel[] {
  const always = channels.filter(({ role }) => role === 'always')
  return always.length > 0 ? always : channels.slice(0, 1)
}

async function loadChannels(trx: Trx, accountIds: readonly string[]): Promise<Map<string, readonly Channel[]>> {
  if (accountIds.length === 0) return new Map()
  const rows = await trx
    .selectFrom('notice_channel')
    .select(['id', 'account_id', 'kind', 'role'])
    .where('account_id', 'in', [...new Set(accountIds)])
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute()
  return Map.groupBy(rows, (row) => row.account_id)
}

interface WantedDelivery {
  readonly accountId: string
  readonly noticeId: string
  readonly channelId: string
}

async function storeDeliveries(services: Services, trx: Trx, wanted: readonly WantedDelivery[]): Promise<void> {
  if (wanted.length === 0) return
  const now = services.now()
  const settingsOf = await loadSettings(
    trx,
    wanted.map(({ accountId }) => accountId),
  )
  await trx
    .insertInto('notice_delivery')
    .values(
      wanted.map(({ accountId, noticeId, channelId }) => ({
        id: newId(services, 'ndl'),
        account_id: accountId,
        notice_id: noticeId,
        channel_id: channelId,
        state: 'planned' as const,
        attempt_at: new Date(nextAllowed(now, settingsOf(accountId).quiet)),
        problem_code: null,
        problem: null,
        created_at: new Date(now),
        sent_at: null,
      })),
    )
    .onConflict((conflict) => conflict.columns(['notice_id', 'channel_id']).doNothing())
    .execute()
}

/** The next fallback channel that has not had this notice yet takes it over, if there is one. */
export async function handOver(
  services: Services,
  trx: Trx,
  { accountId, noticeId, isPersonal }: { readonly accountId: string; readonly noticeId: string; readonly isPersonal: boolean },
): Promise<void> {
  const next = await trx
    .selectFrom('notice_channel')
    .select('id')
    .where('account_id', '=', accountId)
    .where('role', '=', 'fallback')
    .where('removed_at', 'is', null)
    .$if(isPersonal, (query) => query.where('kind', '=', MAIL)) // not for the eyes of a group
    .where('id', 'not in', (builder) =>
      builder.selectFrom('notice_delivery').select('channel_id').where('notice_id', '=', noticeId),
    )
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  if (next !== undefined) await storeDeliveries(services, trx, [{ accountId, noticeId, channelId: next.id }])
}
