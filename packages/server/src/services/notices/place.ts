/**
 * Where what a notice asks for is done: a page of the console, named as its menu names it, and the command that does the same.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import type { CreditedMoney, NoticeDetail } from '../../db/notice-tables.ts'
import type { NoticeKind } from '../../domain/notice/notice-kinds.ts'
import { oneLine } from './one-line.ts'

export interface NoticeSubjectOf {
  readonly kind: NoticeKind
  readonly certificateId: string | null
  readonly facts: NoticeDetail
}

export interface NoticePlace {
  /** In the console. */
  readonly path: string
  /** From the menu to the page; never empty. */
  readonly trail: readonly Bilingual[]
  readonly command: string
}

const CERTIFICATES: Bilingual = { en: 'Certificates', zh: '证书概览' }
const NOTICES: Bilingual = { en: 'Notices', zh: '通知' }
const BUY: NoticePlace = { path: '/buy', trail: [{ en: 'Buy a certificate', zh: '购买证书' }], command: 'evercert order' }
const APPROVALS: NoticePlace = {
  path: '/approvals',
  trail: [{ en: 'Approvals', zh: '审批' }],
  command: 'evercert approvals list',
}
const REVIEWS: NoticePlace = { path: '/reviews', trail: [{ en: 'Reviews', zh: '审核' }], command: 'evercert reviews list' }
const CHANNELS: NoticePlace = {
  path: '/notices/channels',
  trail: [NOTICES, { en: 'Channels', zh: '通知渠道' }],
  command: 'evercert channels test',
}

export function noticePlace(subject: NoticeSubjectOf): NoticePlace {
  return PLACES[subject.kind](subject)
}

const PLACES: Readonly<Record<NoticeKind, (subject: NoticeSubjectOf) => NoticePlace>> = {
  expiry: expiryPlace,
  expired: expiryPlace,
  applicationRefused: (subject) => certificatePlace(subject, 'application'),
  renewalAttention: (subject) => certificatePlace(subject),
  deploymentFailed: (subject) => certificatePlace(subject),
  deploymentRolledBack: (subject) => certificatePlace(subject),
  endpointStrayed: (subject) => certificatePlace(subject),
  revokedByCa: (subject) => certificatePlace(subject),
  managedBlocked: (subject) => certificatePlace(subject),
  reviewWaiting: () => REVIEWS,
  approvalWaiting: () => APPROVALS,
  approvalDecided: () => APPROVALS,
  deliveryGivenUp: () => CHANNELS,
  moneyCredited: ({ facts }) => moneyPlace(facts),
}

function expiryPlace(subject: NoticeSubjectOf): NoticePlace {
  const { kind, facts } = subject
  const does = facts.outlook?.does ?? null
  if (does === 'buyAnew') return BUY
  if (does === 'reissueByHand') return certificatePlace(subject, 'application', 'apply')
  if (does !== null) return certificatePlace(subject)
  if (facts.progress !== null && facts.progress !== 'none') return certificatePlace(subject, 'renewal')
  return kind === 'expired' ? BUY : certificatePlace(subject, 'renewal', 'renew')
}

const PAGES = {
  renewal: { en: 'Renewal', zh: '证书续费' },
  application: { en: 'Application', zh: '证书申请' },
} as const satisfies Readonly<Record<string, Bilingual>>

function certificatePlace(
  { certificateId, facts }: NoticeSubjectOf,
  page: keyof typeof PAGES | null = null,
  command = 'show',
): NoticePlace {
  if (certificateId === null) return { path: '/', trail: [CERTIFICATES], command: 'evercert list' }
  const name = oneLine(facts.certificateName)
  const path = `/certificates/${certificateId}`
  return {
    path: page === null ? path : `${path}/${page}`,
    trail: [CERTIFICATES, { en: name, zh: name }, ...(page === null ? [] : [PAGES[page]])],
    command: `evercert ${command} ${certificateId}`,
  }
}

/** The payer is led to the order, the operator to the payments. */
function moneyPlace({ money = null }: NoticeDetail): NoticePlace {
  if (money === null || money.account !== null)
    return { path: '/balance/payments', trail: [{ en: 'Balance', zh: '余额与支付' }], command: 'evercert payments' }
  const { orderId, reason } = money
  return {
    path: `/orders/${orderId}`,
    trail: [
      { en: 'Orders', zh: '订单' },
      { en: orderId, zh: orderId },
    ],
    command: isUnpaid(reason) ? `evercert pay ${orderId}` : 'evercert balance',
  }
}

function isUnpaid(reason: CreditedMoney['reason']): boolean {
  return reason === 'wrongAmount' || reason === 'wrongCurrency'
}

export function placeText({ trail, command }: NoticePlace): Bilingual {
  const [en, zh] = [trail.map((step) => step.en).join(' › '), trail.map((step) => step.zh).join(' › ')]
  return { en: `In the console: ${en}. On the command line: ${command}`, zh: `控制台：${zh}；命令行：${command}` }
}
