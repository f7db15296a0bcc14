/**
 * `evercert list`: the overview, a renewal directly under the certificate it renews.
 *
 * @module
 */
import type { CertificateStatusView, CertificateView, ListedCertificate } from '@evercert/contract'
import { toQuery, type FilterOptions } from '../certificate-filter.ts'
import { formatDay } from '../format.ts'
import { pick } from '../language.ts'
import { formatTable, type Cell, type Colour } from '../output.ts'
import type { Session } from '../session.ts'

export interface ListOptions extends FilterOptions {
  /** Follows the pages to the end. */
  readonly all?: boolean
}

const PAGE_SIZE = 200

export async function listCommand(session: Session, options: ListOptions): Promise<number> {
  const page = await loadCertificates(session, options)
  session.document(page)
  if (page.items.length === 0) session.print(emptyText(session, options))
  else session.print(...formatCertificates(session, page.items))
  if (page.nextCursor !== null) {
    const { say } = session
    session.print(
      say(`There are more than ${PAGE_SIZE}: add --all or --search.`, `超过 ${PAGE_SIZE} 条：请加 --all 或 --search。`),
    )
  }
  return 0
}

interface CertificatePage {
  readonly items: readonly ListedCertificate[]
  readonly nextCursor: string | null
}

async function loadCertificates(session: Session, options: ListOptions): Promise<CertificatePage> {
  const filter = { limit: PAGE_SIZE, ...toQuery(options) }
  const client = await session.client()
  const first = await client.certificates.list(filter)
  const items = [...first.items]
  let cursor = first.nextCursor
  while (options.all === true && cursor !== null) {
    const next = await client.certificates.list({ ...filter, cursor })
    items.push(...next.items)
    cursor = next.nextCursor
  }
  return { items, nextCursor: cursor }
}

function emptyText({ say }: Session, options: ListOptions): string {
  if (options.status === 'expiringSoon') return say('Nothing needs renewing.', '没有需要续费的证书。')
  return say('No certificate.', '没有证书。')
}

export const STATUS_COLOURS: Readonly<Record<CertificateStatusView, Colour>> = {
  pendingApplication: 'yellow',
  pendingValidation: 'yellow',
  inReview: 'cyan',
  reviewFailed: 'red',
  issued: 'green',
  expiringSoon: 'yellow',
  expired: 'red',
  revocationPending: 'yellow',
  revoked: 'red',
  cancelled: 'dim',
  refunded: 'dim',
  closed: 'dim',
}

/** The overview as a table: under each certificate also the renewals of it that the filter leaves out. */
export function formatCertificates(session: Session, items: readonly ListedCertificate[]): string[] {
  const { say, paint, columns } = session
  // A filter may leave the old certificate out: the row above is then a stranger.
  const shown = new Set(items.flatMap(({ id, under }) => [id, ...under.map((renewal) => renewal.id)]))
  const header = [
    say('NAME', '名称'),
    say('STATUS', '状态'),
    say('DAYS LEFT', '剩余天数'),
    say('NOT AFTER', '到期日'),
    say('RENEWAL', '续费'),
    say('ID', '编号'),
  ]
  return formatTable(
    header,
    items.flatMap(({ under, ...item }) => [
      toRow(session, item, shown.has(item.renewsCertificateId ?? '')),
      ...under.map((renewal) => toRow(session, renewal, true)),
    ]),
    { paint, columns, shrink: 4 },
  )
}

function toRow(session: Session, item: CertificateView, isBelow: boolean): Cell[] {
  return [
    { text: `${isBelow ? '└ ' : ''}${item.isNew ? `${session.say('[new]', '[新]')} ` : ''}${item.name}` },
    { text: pick(item.statusText, session.language), colour: STATUS_COLOURS[item.status] },
    { text: item.daysLeft === null ? '–' : String(item.daysLeft) },
    { text: formatDay(item.notAfter) },
    { text: renewalText(session, item), colour: item.renewal.eligible ? 'green' : 'dim' },
    { text: item.id, colour: 'dim' },
  ]
}

/** What may be done, or the first reason against it. */
function renewalText({ say, language }: Session, { renewal, renewedByCertificateId }: CertificateView): string {
  if (renewal.eligible) return say('renew now', '可续费')
  if (renewal.action === 'reissue')
    return say('reissue at no charge: submit its application again', '可免费重签：请重新提交证书申请')
  if (renewedByCertificateId !== null) return say(`renewal: ${renewedByCertificateId}`, `续费证书：${renewedByCertificateId}`)
  const [reason] = renewal.reasons
  return reason === undefined ? '–' : pick(reason.text, language)
}
