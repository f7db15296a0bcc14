/**
 * `evercert notices settings`: when notices are sent, to whom, and in which language.
 *
 * @module
 */
import type { NoticeSettingsView } from '@evercert/contract'
import { failure } from '../failure.ts'
import { clean, formatFacts } from '../output.ts'
import type { Session } from '../session.ts'
import { wrongOption } from '../settings/given.ts'

export interface NoticeSettingsOptions {
  /** Days, separated by commas. */
  readonly leads?: string
  /** `22:00-07:00`, or none. */
  readonly quiet?: string
  readonly timeZone?: string
  readonly noticeLanguage?: 'en' | 'zh'
  /** `Name <address>` each. */
  readonly addRecipient?: readonly string[]
  /** Addresses. */
  readonly removeRecipient?: readonly string[]
}

/** What is not named stays as it is; without an option they are only shown. */
export async function noticeSettingsCommand(session: Session, options: NoticeSettingsOptions): Promise<number> {
  const change = toChange(options)
  const added = (options.addRecipient ?? []).map((text) => parseRecipient(text))
  const client = await session.client()
  const current = await client.noticeSettings.get()
  const recipients = changeRecipients(current.recipients, added, options.removeRecipient ?? [])
  const isChanged = Object.keys(change).length > 0 || recipients !== current.recipients
  const settings = isChanged ? await client.noticeSettings.set({ ...current, ...change, recipients }) : current
  session.document(settings)
  session.print(...format(session, settings))
  return 0
}

function toChange({ leads, quiet, timeZone, noticeLanguage }: NoticeSettingsOptions): Partial<NoticeSettingsView> {
  return {
    ...(leads !== undefined && { leadsDays: parseLeads(leads) }),
    ...(quiet !== undefined && { quietHours: parseQuietHours(quiet) }),
    ...(timeZone !== undefined && { timeZone }),
    ...(noticeLanguage !== undefined && { language: noticeLanguage }),
  }
}

function parseLeads(text: string): number[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.every((part) => /^\d{1,2}$/.test(part) && Number(part) <= 90)) return parts.map(Number)
  throw wrongOption('--leads', 'give days from 0 to 90, such as 30,15,7,3,1,0', '请填写 0 到 90 的天数，如 30,15,7,3,1,0')
}

function parseQuietHours(text: string): NoticeSettingsView['quietHours'] {
  if (text === 'none') return null
  const [, from, until] = /^((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)$/.exec(text) ?? []
  if (from !== undefined && until !== undefined) return { from, until }
  throw wrongOption('--quiet', 'give from-until, such as 22:00-07:00, or none', '请使用 起-止，如 22:00-07:00，或 none')
}

type Recipient = NoticeSettingsView['recipients'][number]

/** `Wang Fang <ops@example.com>`, or the address alone. */
function parseRecipient(text: string): Recipient {
  const [, name = '', address] = /^\s*(.*?)\s*<([^<>\s]+@[^<>\s]+)>\s*$/.exec(text) ?? [null, '', text.trim()]
  if (address !== undefined && /^[^<>\s]+@[^<>\s]+$/.test(address))
    return { name: name === '' ? address.slice(0, 64) : name, email: address }
  throw wrongOption('--add-recipient', 'give "Name <address>", or an address', '请使用 “姓名 <邮箱>”，或仅邮箱')
}

/** The same list when nothing changes. One who is there already gets the name that is given now. */
function changeRecipients(
  current: NoticeSettingsView['recipients'],
  added: readonly Recipient[],
  removedAddresses: readonly string[],
): NoticeSettingsView['recipients'] {
  const addresses = current.map(({ email }) => email.toLowerCase())
  const unknown = removedAddresses.find((address) => !addresses.includes(address.toLowerCase()))
  if (unknown !== undefined) throw noSuchRecipient(unknown, addresses)
  if (added.length + removedAddresses.length === 0) return current
  const leaving = new Set([...removedAddresses, ...added.map(({ email }) => email)].map((address) => address.toLowerCase()))
  return [...current.filter(({ email }) => !leaving.has(email.toLowerCase())), ...added]
}

function noSuchRecipient(address: string, known: readonly string[]) {
  const all = known.join(', ') || '–'
  return failure('notFound', `Removing the recipient ${clean(address)}: there is none with this address: there are ${all}.`, {
    cause: { en: `${clean(address)} gets no notices.`, zh: `${clean(address)} 不在收件人中。` },
    remedy: { en: `Take one of ${all}.`, zh: `请使用以下之一：${all}。` },
  })
}

function format({ say, paint }: Session, settings: NoticeSettingsView): string[] {
  const { leadsDays, quietHours, timeZone, language, recipients } = settings
  return formatFacts(
    [
      [say('Days before expiry', '到期前天数'), leadsDays.join(', ')],
      [
        say('Quiet hours', '免打扰时段'),
        quietHours === null ? say('none', '无') : `${quietHours.from}-${quietHours.until} (${timeZone})`,
      ],
      [say('Time zone', '时区'), timeZone],
      [say('Language', '语言'), language === 'zh' ? '中文' : 'English'],
      [say('Recipients', '收件人'), recipients.map(({ name, email }) => `${name} <${email}>`).join(', ') || say('none', '无')],
    ],
    paint,
  )
}
