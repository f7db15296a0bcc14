/**
 * From a notice to the message that a channel carries.
 *
 * @module
 */
import type { NoticeDetail } from '../../db/notice-tables.ts'
import type { NoticeKind } from '../../domain/notice/notice-kinds.ts'
import type { NoticeMessage } from '../../ports/notify.ts'
import type { Services } from '../context.ts'
import type { NoticeSettings } from './settings.ts'
import { noticePlace, type NoticeSubjectOf } from './place.ts'
import { noticeText } from './texts.ts'

export interface StoredNotice {
  readonly id: string
  readonly kind: NoticeKind
  readonly certificateId: string | null
  readonly facts: NoticeDetail
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly occasion: string
  readonly isPersonal: boolean
  /** Who alone gets it, as long as they are a member; null: it is for everybody, or they left. */
  readonly reader: Reader | null
  /** Addresses of those who are told the same by themselves. */
  readonly toldApart: readonly string[]
}

export interface Reader {
  readonly userId: string
  readonly name: string
  readonly email: string
  /** Null: that of the account's notices. */
  readonly language: 'en' | 'zh' | null
}

/** The page of the console where it is done. Null without `EVERCERT_PUBLIC_URL`. */
export function noticeUrl({ publicUrl }: Pick<Services, 'publicUrl'>, subject: NoticeSubjectOf): string | null {
  return publicUrl === null ? null : `${publicUrl}${noticePlace(subject).path}`
}

/** The account's, but for those who get a mail of their own. */
export function commonRecipients({ recipients }: NoticeSettings, { toldApart }: Pick<StoredNotice, 'toldApart'>) {
  return recipients.filter(({ email }) => !toldApart.includes(email.toLowerCase()))
}

export function toMessage(services: Services, settings: NoticeSettings, notice: StoredNotice): NoticeMessage {
  const { title, text } = noticeText(notice, services.now())
  const { certificateName, names, notAfter, stageDays, progress, detail, place, money = null } = notice.facts
  const { reader } = notice
  const language = reader?.language ?? settings.language
  return {
    id: notice.id,
    kind: notice.kind,
    language,
    title: title[language],
    text: text[language],
    url: noticeUrl(services, notice),
    createdAt: notice.createdAt,
    recipients: reader === null ? commonRecipients(settings, notice) : [{ name: reader.name, email: reader.email }],
    facts: {
      noticeId: notice.id,
      certificate:
        notice.certificateId === null
          ? null
          : {
              id: notice.certificateId,
              name: certificateName,
              names,
              notAfter: notAfter === null ? null : new Date(notAfter).toISOString(),
            },
      stageDays,
      progress,
      detail,
      place,
      ...(money !== null && { money }),
    },
  }
}
