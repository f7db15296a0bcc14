/**
 * Sentences that people read, in English and Chinese: statuses, reasons, next steps, top-up.
 *
 * @module
 */
import { countOf, type Bilingual } from '@evercert/contract'
import type { CertificateRecord } from '../db/certificates.ts'
import type { CertificateStatus } from '../domain/certificate/derive-status.ts'
import type { RenewalReason } from '../domain/certificate/decide-renewal.ts'
import type { Entitlement, TopUpLossReason } from '../domain/entitlement/entitlement.ts'
import { AppError } from '../domain/errors.ts'
import type { CertificateType, Specification } from '../domain/product/specification.ts'

export const STATUS_TEXTS: Readonly<Record<CertificateStatus, Bilingual>> = {
  pendingApplication: { en: 'pending application', zh: '待申请' },
  pendingValidation: { en: 'pending validation', zh: '待验证' },
  inReview: { en: 'in review', zh: '审核中' },
  reviewFailed: { en: 'review failed', zh: '审核失败' },
  issued: { en: 'issued', zh: '已签发' },
  expiringSoon: { en: 'expiring soon', zh: '即将过期' },
  expired: { en: 'expired', zh: '已过期' },
  revocationPending: { en: 'revocation pending', zh: '吊销审核中' },
  revoked: { en: 'revoked', zh: '已吊销' },
  cancelled: { en: 'cancelled', zh: '已取消' },
  refunded: { en: 'refunded', zh: '已退款' },
  closed: { en: 'closed', zh: '已关闭' },
}

/** `2026-12-05 08:00 UTC` */
export function formatInstant(instant: number): string {
  return `${new Date(instant).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** Other programs and CAs speak English: of what they say, a Chinese sentence repeats only what people wrote in Chinese. */
export function ownWords(detail: string | null, before: string): string {
  return detail !== null && /\p{Script=Han}/u.test(detail) ? `${before}${detail.replace(/[。.！!]+$/u, '')}` : ''
}

type ReasonText = (facts: RenewalReason['facts']) => Bilingual

const when = (value: string | number | null | undefined): string => (typeof value === 'number' ? formatInstant(value) : '-')

const REASON_TEXTS: Readonly<Record<RenewalReason['code'], ReasonText>> = {
  certificateNotIssued: ({ status }) =>
    status === 'cancelled' || status === 'refunded' || status === 'closed'
      ? { en: `It is ${STATUS_TEXTS[status].en}: buy a new one.`, zh: `证书${STATUS_TEXTS[status].zh}，请新购证书。` }
      : { en: 'It is not issued yet.', zh: '证书尚未签发。' },
  certificateExpired: (facts) => ({
    en: `It expired on ${when(facts['notAfter'])}: buy a new one.`,
    zh: `证书已于 ${when(facts['notAfter'])} 过期，请新购证书。`,
  }),
  certificateRevoked: () => ({ en: 'It is revoked: buy a new one.', zh: '证书已吊销，请新购证书。' }),
  alreadyRenewed: (facts) =>
    facts['certificateId'] === null
      ? {
          en: `Its renewal ${facts['renewalId'] ?? ''} is ordered: pay or cancel that order.`,
          zh: `续费 ${facts['renewalId'] ?? ''} 已下单，请支付或取消该订单。`,
        }
      : { en: `It is renewed by ${facts['certificateId'] ?? ''}.`, zh: `已由 ${facts['certificateId'] ?? ''} 续费。` },
  entitlementContinues: (facts) => ({
    en: `The period paid for goes on until ${when(facts['entitledUntil'])}: reissue at no charge, from ${when(facts['reissueOpensAt'])} on.`,
    zh: `服务期持续到 ${when(facts['entitledUntil'])}，自 ${when(facts['reissueOpensAt'])} 起可免费重新签发。`,
  }),
  renewalNotYetOpen: (facts) => ({
    en: `Renewal opens on ${when(facts['opensAt'])}, in ${countOf(Number(facts['daysUntilOpen']), 'day')}.`,
    zh: `续费将于 ${when(facts['opensAt'])} 开放，还有 ${facts['daysUntilOpen'] ?? '?'} 天。`,
  }),
  renewalBrandUnsupported: (facts) => ({
    en: `The brand "${facts['brand'] ?? ''}" does not support renewal: buy a new one.`,
    zh: `品牌“${facts['brand'] ?? ''}”不支持续费，请新购证书。`,
  }),
}

export function reasonText(reason: RenewalReason): Bilingual {
  return REASON_TEXTS[reason.code](reason.facts)
}

/** The refusal of a renewal, with the facts that a client shows. */
export function renewalRefusal(old: Pick<CertificateRecord, 'id' | 'name'>, reason: RenewalReason): AppError {
  const { en } = reasonText(reason)
  return new AppError(reason.code, `Renewing ${old.name} (${old.id}): ${en}`, { facts: toIsoFacts(reason.facts) })
}

const INSTANT_FACTS = new Set([
  'opensAt',
  'reissueOpensAt',
  'notAfter',
  'entitledUntil',
  'revokedAt',
  'revocationRequestedAt',
  'paidAt',
  'refundableUntil',
])

/** Instants as ISO 8601, as everywhere in the API. */
export function toIsoFacts(facts: RenewalReason['facts']): Record<string, string | number | null> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name,
      INSTANT_FACTS.has(name) && typeof value === 'number' ? new Date(value).toISOString() : value,
    ]),
  )
}

export const ATTRIBUTE_TEXTS: Readonly<Record<keyof Specification, Bilingual>> = {
  domainType: { en: 'domain type', zh: '域名类型' },
  certificateType: { en: 'certificate type', zh: '证书类型' },
  grade: { en: 'grade', zh: '证书等级' },
  brand: { en: 'brand', zh: '证书品牌' },
}

interface LossFacts {
  readonly days: number
  readonly changed: Bilingual
  readonly termYears: number
}

const LOSS_TEXTS: Readonly<Record<TopUpLossReason, (facts: LossFacts) => Bilingual>> = {
  notARenewal: () => ({ en: 'Only a renewal tops up unused validity.', zh: '仅续费购买可补齐剩余有效期。' }),
  uploaded: ({ termYears }) => ({
    en: `An uploaded certificate is never topped up: ${termYears === 1 ? 'one year' : countOf(termYears, 'year')} from actual issuance.`,
    zh: `已上传的第三方证书不支持补齐：有效期自实际签发之日起${termYears === 1 ? '一' : ` ${termYears} `}年。`,
  }),
  specificationChanged: ({ days, changed }) => ({
    en: `A changed ${changed.en} makes this a new purchase: ${countOf(days, 'day')} of unused validity ${days === 1 ? 'is' : 'are'} lost.`,
    zh: `修改${changed.zh}视为新购，将损失旧证书剩余的 ${days} 天有效期。`,
  }),
  expiredBeforeIssue: () => ({
    en: 'The old certificate expires before the new one is issued: nothing is left to top up.',
    zh: '旧证书在新证书签发前已过期，没有可补齐的有效期。',
  }),
}

/** What is topped up and until when, or what is lost and why. */
export function topUpText(
  entitlement: Entitlement,
  { changed, termYears }: { readonly changed: readonly (keyof Specification)[]; readonly termYears: number },
): Bilingual {
  const until = formatInstant(entitlement.entitledUntil)
  if (entitlement.toppedUp) {
    return {
      en: `${countOf(entitlement.toppedUpDays, 'unused day')} ${entitlement.toppedUpDays === 1 ? 'is' : 'are'} topped up: entitled until ${until}.`,
      zh: `补齐旧证书剩余的 ${entitlement.toppedUpDays} 天，服务期至 ${until}。`,
    }
  }
  if (entitlement.lost === null) return { en: `Entitled until ${until}.`, zh: `服务期至 ${until}。` }
  const attributes = {
    en: changed.map((attribute) => ATTRIBUTE_TEXTS[attribute].en).join(', ') || 'specification',
    zh: changed.map((attribute) => ATTRIBUTE_TEXTS[attribute].zh).join('、') || '规格',
  }
  return LOSS_TEXTS[entitlement.lost.reason]({ days: entitlement.lost.days, changed: attributes, termYears })
}

/** FD §3.9: the timings shown to the user. */
export function timingText(type: CertificateType): Bilingual {
  return type === 'DV'
    ? { en: 'DV: 5 to 10 minutes at the fastest, normally within 2 hours.', zh: 'DV 证书最快 5~10 分钟签发，一般 2 小时内。' }
    : {
        en: `${type}: 2 business days at the fastest, normally 3 to 5. Renew 3 to 10 business days before expiry.`,
        zh: `${type} 证书最快 2 个工作日签发，一般 3~5 个工作日。建议在到期前 3~10 个工作日续费。`,
      }
}
