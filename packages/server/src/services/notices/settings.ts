/**
 * What an account wants to be told, when, in which language, and who gets the mails.
 *
 * @module
 */
import type { NoticeSettingsView } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { areQuietHours, clockOfMinute, minuteOfClock, type QuietHours } from '../../domain/notice/quiet-hours.ts'
import { DEFAULT_LEADS_DAYS, MAX_LEAD_DAYS } from '../../domain/notice/stages.ts'
import { DAY_MS } from '../../domain/time.ts'
import { isTimeZone } from '../../domain/zoned-day.ts'
import type { Recipient } from '../../ports/notify.ts'
import type { Caller, Services } from '../context.ts'

export interface NoticeSettings {
  readonly leadsDays: readonly number[]
  readonly quiet: QuietHours | null
  readonly timeZone: string
  readonly language: 'en' | 'zh'
  readonly recipients: readonly Recipient[]
}

const DEFAULTS: NoticeSettings = {
  leadsDays: DEFAULT_LEADS_DAYS,
  quiet: null,
  timeZone: 'UTC',
  language: 'en',
  recipients: [],
}

/** Of each account; those that never set anything have the defaults. */
export async function loadSettings(db: Db | Trx, accountIds: readonly string[]): Promise<(accountId: string) => NoticeSettings> {
  const rows =
    accountIds.length === 0
      ? []
      : await db
          .selectFrom('notice_settings')
          .select(['account_id', 'leads_days', 'quiet_from_minute', 'quiet_until_minute', 'time_zone', 'language', 'recipients'])
          .where('account_id', 'in', [...new Set(accountIds)])
          .execute()
  const known = new Map<string, NoticeSettings>(
    rows.map((row) => [
      row.account_id,
      {
        leadsDays: row.leads_days,
        quiet:
          row.quiet_from_minute === null || row.quiet_until_minute === null
            ? null
            : { fromMinute: row.quiet_from_minute, untilMinute: row.quiet_until_minute, timeZone: row.time_zone },
        timeZone: row.time_zone,
        language: row.language,
        recipients: row.recipients,
      },
    ]),
  )
  return (accountId) => known.get(accountId) ?? DEFAULTS
}

export async function loadSettingsView(services: Services, caller: Caller): Promise<NoticeSettingsView> {
  const { leadsDays, quiet, timeZone, language, recipients } = (await loadSettings(services.db, [caller.accountId]))(
    caller.accountId,
  )
  return {
    leadsDays: [...leadsDays],
    quietHours: quiet === null ? null : { from: clockOfMinute(quiet.fromMinute), until: clockOfMinute(quiet.untilMinute) },
    timeZone,
    language,
    recipients: recipients.map(({ name, email }) => ({ name, email })),
  }
}

/** Replaces them. What is planned and not tried yet follows the new quiet hours. @throws AppError `invalid` */
export async function saveSettings(services: Services, caller: Caller, wish: NoticeSettingsView): Promise<NoticeSettingsView> {
  const quiet = readQuietHours(wish)
  const { accountId } = caller
  const now = services.now()
  const values = {
    leads_days: [...new Set(wish.leadsDays)].toSorted((one, other) => other - one),
    quiet_from_minute: quiet?.fromMinute ?? null,
    quiet_until_minute: quiet?.untilMinute ?? null,
    time_zone: wish.timeZone,
    language: wish.language,
    recipients: JSON.stringify(wish.recipients),
    updated_at: new Date(now),
  }
  await services.db.transaction().execute(async (trx) => {
    await trx
      .insertInto('notice_settings')
      .values({ account_id: accountId, ...values })
      .onConflict((conflict) => conflict.column('account_id').doUpdateSet(values))
      .execute()
    await reconsider(trx, accountId, now)
  })
  return loadSettingsView(services, caller)
}

function readQuietHours({ quietHours, timeZone }: NoticeSettingsView): QuietHours | null {
  if (!isTimeZone(timeZone))
    throw new AppError('invalid', `Reading timeZone: "${timeZone}" is not known: write an IANA name such as Asia/Shanghai.`)
  if (quietHours === null) return null
  const minutes = { fromMinute: minuteOfClock(quietHours.from), untilMinute: minuteOfClock(quietHours.until) }
  if (areQuietHours(minutes)) return { ...minutes, timeZone }
  throw new AppError(
    'invalid',
    `Reading quietHours: from ${quietHours.from} until ${quietHours.until}: leave at least an hour of the day to send in.`,
  )
}

/** New leads concern only certificates that are near their end: no lead is longer. */
async function reconsider(trx: Trx, accountId: string, now: number): Promise<void> {
  await trx
    .updateTable('certificate')
    .from('issuance')
    .set({ next_notice_at: new Date(0) })
    .whereRef('issuance.id', '=', 'certificate.issuance_id')
    .where('certificate.account_id', '=', accountId)
    .where('certificate.next_notice_at', 'is not', null)
    .where('issuance.not_after', '<', new Date(now + (MAX_LEAD_DAYS + 1) * DAY_MS))
    .execute()
  await trx
    .updateTable('notice_delivery')
    .set({ attempt_at: new Date(now) })
    .where('account_id', '=', accountId)
    .where('state', '=', 'planned')
    .where('attempts', '=', 0)
    .execute()
}
