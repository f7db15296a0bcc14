/**
 * One attempt to deliver a notice through a channel, and what follows from it.
 *
 * @module
 */
import { transition, type StateOf, type Trx } from '../../db/transition.ts'
import { toMs } from '../../db/time.ts'
import { AppError } from '../../domain/errors.ts'
import { expiringIssuance, isSettled } from '../../domain/notice/decide-notice.ts'
import { afterFailedAttempt } from '../../domain/notice/delivery-machine.ts'
import { isAboutExpiry } from '../../domain/notice/notice-kinds.ts'
import { nextAllowed } from '../../domain/notice/quiet-hours.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { openChannel } from './channels.ts'
import { loadSubjects } from './facts.ts'
import { commonRecipients, toMessage, type StoredNotice } from './message.ts'
import { handOver, MAIL, planAccountNotice, planNotice } from './plan.ts'
import type { NoticeSettings } from './settings.ts'

/** A delivery that this node has claimed: nobody else tries it before its `attempt_at` has come again. */
export interface ClaimedDelivery {
  readonly id: string
  readonly accountId: string
  readonly noticeId: string
  readonly channelId: string
  readonly channelName: string
  readonly state: 'planned' | 'failed'
  /** This one included. */
  readonly attempts: number
}

/**
 * Tries it once. At-least-once: should the process end between the channel's answer and its record, the message goes out again under the
 * same id. What nobody needs any more is not sent: a warning that a certificate expires that was replaced in the meantime.
 */
export async function attemptDelivery(
  services: Services,
  claimed: ClaimedDelivery,
  settings: NoticeSettings,
  signal: AbortSignal,
): Promise<void> {
  services.onStep('deliverNotice', 'intended')
  try {
    const notice = await loadNotice(services, claimed)
    if ((await isObsolete(services, notice)) || (await isForNobody(services, claimed, settings, notice)))
      return await finish(services, claimed, notice, 'obsolete', 'it is not needed any more')
    const failure = await sendOnce(services, claimed, settings, notice, signal)
    if (signal.aborted) return
    services.onStep('deliverNotice', 'done')
    if (failure === null) await finish(services, claimed, notice, 'sent', claimed.channelName)
    else await recordFailure(services, claimed, settings, notice, failure)
    services.onStep('deliverNotice', 'recorded')
  } catch (error) {
    if (error instanceof AppError && error.stale) return // the channel was removed meanwhile, or another node was quicker
    throw error
  }
}

async function loadNotice(services: Services, { accountId, noticeId }: ClaimedDelivery): Promise<StoredNotice> {
  const row = await services.db
    .selectFrom('notice')
    .leftJoin('member', (join) =>
      join.onRef('member.account_id', '=', 'notice.account_id').onRef('member.user_id', '=', 'notice.for_user_id'),
    )
    .leftJoin('user', 'user.id', 'member.user_id')
    .select(['notice.id', 'kind', 'certificate_id', 'facts', 'notice.created_at', 'occasion', 'for_user_id'])
    .select(['user.name', 'user.email', 'user.language'])
    .where('notice.account_id', '=', accountId)
    .where('notice.id', '=', noticeId)
    .executeTakeFirstOrThrow()
  const { for_user_id: userId, name, email, language } = row
  const isHere = userId !== null && name !== null && email !== null
  return {
    id: row.id,
    kind: row.kind,
    certificateId: row.certificate_id,
    facts: row.facts,
    createdAt: toMs(row.created_at),
    occasion: row.occasion,
    isPersonal: userId !== null,
    reader: isHere ? { userId, name, email, language } : null,
    toldApart: userId === null && row.kind === 'approvalWaiting' ? await findToldApart(services, accountId, row.occasion) : [],
  }
}

async function findToldApart({ db }: Services, accountId: string, occasion: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('notice')
    .innerJoin('user', 'user.id', 'notice.for_user_id')
    .select('user.email')
    .where('notice.account_id', '=', accountId)
    .where('kind', '=', 'approvalWaiting')
    .where('occasion', 'like', `${occasion}:%`)
    .execute()
  return rows.map(({ email }) => email.toLowerCase())
}

/** A mail whose every recipient has one of their own. */
async function isForNobody(
  { db }: Services,
  { accountId, channelId }: ClaimedDelivery,
  settings: NoticeSettings,
  notice: StoredNotice,
): Promise<boolean> {
  if (notice.toldApart.length === 0 || settings.recipients.length === 0) return false
  if (commonRecipients(settings, notice).length > 0) return false
  const channel = await db
    .selectFrom('notice_channel')
    .select('kind')
    .where('account_id', '=', accountId)
    .where('id', '=', channelId)
    .executeTakeFirst()
  return channel?.kind === MAIL
}

async function isObsolete(services: Services, notice: StoredNotice): Promise<boolean> {
  if (notice.isPersonal && notice.reader === null) return true // who left the account
  if (notice.kind === 'approvalWaiting' && notice.isPersonal) return !(await isWaiting(services, notice))
  if (!isAboutExpiry(notice.kind)) return false
  const [subject] = notice.certificateId === null ? [] : await loadSubjects(services.db, [notice.certificateId])
  if (subject === undefined || isSettled(subject.facts)) return true
  return expiringIssuance(subject.facts)?.notAfter !== notice.facts.notAfter
}

/** Somebody else may have decided while it was held back. */
async function isWaiting({ db }: Services, { occasion }: StoredNotice): Promise<boolean> {
  const [id = ''] = occasion.split(':')
  const row = await db.selectFrom('approval').select('state').where('id', '=', id).executeTakeFirst()
  return row?.state === 'waiting'
}

async function sendOnce(
  services: Services,
  claimed: ClaimedDelivery,
  settings: NoticeSettings,
  notice: StoredNotice,
  signal: AbortSignal,
): Promise<AppError | null> {
  try {
    const { channel } = await openChannel(services, claimed.accountId, claimed.channelId)
    const detail = await channel.send(toMessage(services, settings, notice), signal)
    services.log.info({ event: 'notice.sent', noticeId: notice.id, deliveryId: claimed.id, detail })
    return null
  } catch (error) {
    if (signal.aborted) return null
    if (error instanceof AppError) return error
    services.log.error({ event: 'notice.attemptFailed', deliveryId: claimed.id, error })
    return new AppError('internal', `Sending by ${claimed.channelName}: an unexpected error: see the log.`)
  }
}

async function finish(
  services: Services,
  claimed: ClaimedDelivery,
  notice: StoredNotice,
  to: 'sent' | 'obsolete',
  detail: string,
): Promise<void> {
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    const set = { problem_code: null, problem: null, sent_at: to === 'sent' ? new Date(now) : null }
    await move(services, trx, { claimed, notice, to, detail, set })
  })
}

interface Move {
  readonly claimed: ClaimedDelivery
  readonly notice: StoredNotice
  readonly to: StateOf<'notice_delivery'>
  readonly detail: string
  readonly set: Record<string, unknown>
}

/** The timeline of the certificate shows how a delivery ended; the attempts before are with the delivery alone. */
async function move(services: Services, trx: Trx, { claimed, notice, to, detail, set }: Move): Promise<void> {
  await transition(trx, {
    subject: 'notice_delivery',
    id: claimed.id,
    from: claimed.state,
    to,
    accountId: claimed.accountId,
    certificateId: to === 'failed' ? null : notice.certificateId,
    actor: EVERCERT_ACTOR,
    detail,
    now: services.now(),
    set,
  })
}

async function recordFailure(
  services: Services,
  claimed: ClaimedDelivery,
  settings: NoticeSettings,
  notice: StoredNotice,
  failure: AppError,
): Promise<void> {
  const now = services.now()
  const outcome = afterFailedAttempt(claimed.attempts, failure, now)
  services.log.warn({
    event: 'notice.notSent',
    noticeId: notice.id,
    deliveryId: claimed.id,
    code: failure.code,
    next: outcome.do,
  })
  await services.db.transaction().execute(async (trx) => {
    const problem = { problem_code: failure.code, problem: failure.message }
    const detail = `${claimed.channelName}: ${failure.message}`
    if (outcome.do === 'giveUp') {
      await move(services, trx, { claimed, notice, to: 'givenUp', detail, set: problem })
      const givenUp = {
        kind: 'deliveryGivenUp',
        occasion: claimed.id,
        detail: failure.message,
        place: claimed.channelName,
      } as const
      const { certificateId, facts } = notice
      if (certificateId !== null) await planNotice(services, trx, { ...givenUp, certificateId })
      else await planAccountNotice(services, trx, { ...givenUp, ...claimed, certificateId, subject: facts.certificateName })
    } else {
      const set = { ...problem, attempt_at: new Date(nextAllowed(outcome.at, settings.quiet)) }
      if (claimed.state === 'planned') await move(services, trx, { claimed, notice, to: 'failed', detail, set })
      else await keepFailed(trx, claimed, set)
    }
    if (outcome.handOver) await handOver(services, trx, { ...claimed, isPersonal: notice.isPersonal })
  })
}

async function keepFailed(
  trx: Trx,
  { id, accountId }: ClaimedDelivery,
  set: { readonly problem_code: string; readonly problem: string; readonly attempt_at: Date },
): Promise<void> {
  await trx
    .updateTable('notice_delivery')
    .set(set)
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .where('state', '=', 'failed')
    .execute()
}
