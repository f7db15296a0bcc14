/**
 * `evercert notices`: what was told about certificates, and how it was delivered.
 *
 * @module
 */
import type { DeliveryView, NoticeView } from '@evercert/contract'
import { findCertificate } from '../find-certificate.ts'
import { formatInstant } from '../format.ts'
import { pick, type Language } from '../language.ts'
import { formatTable, type Colour } from '../output.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'

export interface NoticesOptions {
  readonly certificate?: string
  readonly unread?: boolean
  /** Marks this notice read. */
  readonly read?: string
}

const PAGE_SIZE = 100

export async function noticesCommand(session: Session, options: NoticesOptions): Promise<number> {
  const client = await session.client()
  if (options.read !== undefined) {
    const notice = await client.notices.markRead({ id: options.read })
    session.document(notice)
    session.print(pick(notice.title, session.language), pick(notice.text, session.language))
    return 0
  }
  const page = await loadNotices(session, options)
  session.document(page)
  const { say } = session
  if (page.items.length === 0) session.print(say('No notice.', '没有通知。'))
  else session.print(...formatNotices(session, page.items))
  if (page.nextCursor !== null) session.print(say(`Only the newest ${PAGE_SIZE} are shown.`, `仅显示最新 ${PAGE_SIZE} 条。`))
  return 0
}

async function loadNotices(session: Session, { certificate, unread }: NoticesOptions) {
  const client = await session.client()
  if (certificate !== undefined) {
    const { id: certificateId } = await findCertificate(client, certificate)
    const page = await client.notices.list({ certificateId, limit: PAGE_SIZE })
    return unread === true ? { ...page, items: page.items.filter(({ readAt }) => readAt === null) } : page
  }
  return unread === true ? client.notices.inbox({ limit: PAGE_SIZE }) : client.notices.list({ limit: PAGE_SIZE })
}

const STATE_COLOURS: Readonly<Record<DeliveryView['state'], Colour>> = {
  planned: 'yellow',
  failed: 'yellow',
  sent: 'green',
  givenUp: 'red',
  obsolete: 'dim',
}

function formatNotices({ say, paint, columns, language }: Session, notices: readonly NoticeView[]): string[] {
  const header = [say('AT', '时间'), say('NOTICE', '通知'), say('DELIVERED BY', '送达'), say('READ', '已读'), say('ID', '编号')]
  const rows = notices.map((notice) => [
    { text: formatInstant(notice.createdAt) },
    { text: pick(notice.title, language) },
    { text: deliveriesText(notice, language), colour: worstColour(notice) },
    { text: notice.readAt === null ? say('no', '否') : say('yes', '是') },
    { text: notice.id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 1 })
}

function deliveriesText({ deliveries }: NoticeView, language: Language): string {
  if (deliveries.length === 0) return '–'
  return deliveries.map(({ channelName, state }) => `${channelName}: ${wordFor('delivery', state, language)}`).join(', ')
}

function worstColour({ deliveries }: NoticeView): Colour | undefined {
  const order: readonly DeliveryView['state'][] = ['givenUp', 'failed', 'planned', 'obsolete', 'sent']
  const worst = order.find((state) => deliveries.some((delivery) => delivery.state === state))
  return worst === undefined ? undefined : STATE_COLOURS[worst]
}
