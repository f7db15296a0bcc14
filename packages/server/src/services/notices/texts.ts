/**
 * The sentences of notices, in English and Chinese: what, which names, until when, what to do next. No secret is among their facts.
 *
 * @module
 */
import type { ApprovalKind, Bilingual } from '@evercert/contract'
import type { ApprovalOutcome, NoticeDetail, NoticeOutlook } from '../../db/notice-tables.ts'
import type { RenewalProgress } from '../../domain/notice/decide-notice.ts'
import type { NoticeKind } from '../../domain/notice/notice-kinds.ts'
import { DAY_MS, HOUR_MS } from '../../domain/time.ts'
import { formatInstant } from '../texts.ts'
import { moneyAdvice, moneyTitle } from './money-text.ts'
import { oneLine } from './one-line.ts'
import { noticePlace, placeText, type NoticeSubjectOf } from './place.ts'

export interface NoticeText {
  readonly title: Bilingual
  readonly text: Bilingual
}

function join(advice: Bilingual, place: Bilingual): Bilingual {
  return { en: `${advice.en} ${place.en}`, zh: `${advice.zh}${place.zh}` }
}

/** @param now the moment for which it is said: how long is left depends on it */
export function noticeText({ kind, certificateId, facts }: NoticeSubjectOf, now: number): NoticeText {
  const title = TITLES[kind](facts, now)
  const place = placeText(noticePlace({ kind, certificateId, facts }))
  const lines = [namesLine(facts), validityLine(facts, now), detailLine(kind, facts), join(ADVICE[kind](facts, now), place)]
  const present = lines.filter((line) => line !== null)
  return {
    title: { en: oneLine(title.en), zh: oneLine(title.zh) },
    text: { en: present.map(({ en }) => en).join('\n'), zh: present.map(({ zh }) => zh).join('\n') },
  }
}

/** What the test of a channel sends. */
export function testText(channelName: string): NoticeText {
  return {
    title: { en: `Test of the channel ${oneLine(channelName)}`, zh: `通知渠道测试：${oneLine(channelName)}` },
    text: {
      en: 'If you can read this, notices of Evercert arrive here. There is nothing to do.',
      zh: '如果您看到此消息，说明 Evercert 的通知可以送达，无需任何操作。',
    },
  }
}

const TITLES: Readonly<Record<NoticeKind, (facts: NoticeDetail, now: number) => Bilingual>> = {
  expiry: expiryTitle,
  expired: expiryTitle,
  applicationRefused: ({ certificateName: name }) => ({
    en: `The application for ${name} was refused`,
    zh: `证书 ${name} 的申请未通过`,
  }),
  renewalAttention: ({ certificateName: name }) => ({
    en: `The renewal ${name} needs attention: not every address serves it`,
    zh: `续费证书 ${name} 需要处理：仍有地址未使用新证书`,
  }),
  deploymentFailed: ({ certificateName: name, place }) => ({
    en: `${name} could not be installed at ${place ?? '-'}`,
    zh: `证书 ${name} 未能部署到 ${place ?? '-'}`,
  }),
  deploymentRolledBack: ({ certificateName: name, place }) => ({
    en: `The installation of ${name} at ${place ?? '-'} was rolled back`,
    zh: `证书 ${name} 在 ${place ?? '-'} 的部署已回滚`,
  }),
  endpointStrayed: ({ certificateName: name, place, neverProved }) =>
    neverProved
      ? { en: `${place ?? '-'} serves another certificate than ${name}`, zh: `${place ?? '-'} 使用的证书不是 ${name}` }
      : { en: `${place ?? '-'} does not serve ${name} any more`, zh: `${place ?? '-'} 不再使用证书 ${name}` },
  revokedByCa: ({ certificateName: name, place, issuer, count }) =>
    count !== undefined
      ? {
          en: `${count} certificates stand under an intermediate that its CA has revoked (${name})`,
          zh: `${count} 张证书的证书链中有中间证书已被 CA 吊销（${name}）`,
        }
      : issuer !== undefined && place === null
        ? {
            en: `${name} stands under an intermediate that its CA has revoked`,
            zh: `证书 ${name} 的证书链中有中间证书已被 CA 吊销`,
          }
        : issuer !== undefined
          ? {
              en: `${place ?? '-'} serves a certificate under an intermediate that its CA has revoked (${name})`,
              zh: `${place ?? '-'} 的证书链中有中间证书已被 CA 吊销（${name}）`,
            }
          : place === null
            ? { en: `${name} was revoked by its CA`, zh: `证书 ${name} 已被 CA 吊销` }
            : {
                en: `${place} serves a certificate that its CA has revoked (${name})`,
                zh: `${place} 正在使用已被 CA 吊销的证书（${name}）`,
              },
  reviewWaiting: ({ certificateName: name, place }) => ({
    en: `The ${place ?? 'OV'} application for ${name} waits for review`,
    zh: `证书 ${name} 的 ${place ?? 'OV'} 申请等待审核`,
  }),
  approvalWaiting: ({ certificateName: subject, place }) => ({
    en: `${APPROVAL_TITLES[place ?? '']?.en ?? 'A request'} for ${subject} waits for a second person`,
    zh: `${APPROVAL_TITLES[place ?? '']?.zh ?? '请求'}（${subject}）等待第二人批准`,
  }),
  moneyCredited: moneyTitle,
  managedBlocked: ({ certificateName: name }) => ({
    en: `${name} is managed, but could not act by itself`,
    zh: `托管证书 ${name} 未能自动完成操作`,
  }),
  approvalDecided: ({ certificateName: subject, place, outcome = 'done' }) => ({
    en: `${APPROVAL_TITLES[place ?? '']?.en ?? 'A request'} for ${subject} ${OUTCOMES[outcome].en}`,
    zh: `${APPROVAL_TITLES[place ?? '']?.zh ?? '请求'}（${subject}）${OUTCOMES[outcome].zh}`,
  }),
  deliveryGivenUp: ({ certificateName: name, place }) => ({
    en: `A notice about ${name} could not be sent by ${place ?? '-'}`,
    zh: `关于证书 ${name} 的通知无法通过 ${place ?? '-'} 发送`,
  }),
}

const OUTCOMES: Readonly<Record<ApprovalOutcome, Bilingual>> = {
  done: { en: 'was approved and done', zh: '已批准并执行' },
  approved: { en: 'was approved', zh: '已批准' },
  refused: { en: 'was refused', zh: '被拒绝' },
  lapsed: { en: 'could not be done any more', zh: '已无法执行' },
  expired: { en: 'was decided by nobody in time', zh: '逾期无人处理' },
}

const APPROVAL_TITLES: Readonly<Record<string, Bilingual>> = {
  spending: { en: 'A payment', zh: '付款' },
  revocation: { en: 'A revocation', zh: '吊销' },
  keyDownload: { en: 'A download of the private key', zh: '私钥下载' },
  rules: { en: 'A looser rule', zh: '放宽规则' },
} satisfies Record<ApprovalKind, Bilingual>

function expiryTitle({ certificateName: name, notAfter }: NoticeDetail, now: number): Bilingual {
  const leftMs = (notAfter ?? now) - now
  if (leftMs <= 0) return { en: `Certificate ${name} has expired`, zh: `证书 ${name} 已过期` }
  return { en: `Certificate ${name} expires in ${lengthText(leftMs).en}`, zh: `证书 ${name} 将在 ${lengthText(leftMs).zh}后过期` }
}

/** Rounded to what is nearest, so that a notice of seven days that goes out a second late does not say six. */
function lengthText(ms: number): Bilingual {
  const hours = Math.max(1, Math.round(ms / HOUR_MS))
  if (hours < 48) return { en: `${hours} ${hours === 1 ? 'hour' : 'hours'}`, zh: `${hours} 小时` }
  const days = Math.round(ms / DAY_MS)
  return { en: `${days} days`, zh: `${days} 天` }
}

const SHOWN_NAMES = 5

function namesLine({ names }: NoticeDetail): Bilingual | null {
  if (names.length === 0) return null
  const shown = names.slice(0, SHOWN_NAMES).join(', ')
  const more = names.length - SHOWN_NAMES
  return more <= 0
    ? { en: `Names: ${shown}`, zh: `域名：${shown}` }
    : { en: `Names: ${shown} and ${more} more`, zh: `域名：${shown} 等 ${names.length} 个` }
}

function validityLine({ notAfter }: NoticeDetail, now: number): Bilingual | null {
  if (notAfter === null) return null
  const when = formatInstant(notAfter)
  return notAfter > now
    ? { en: `Valid until ${when}.`, zh: `有效期至 ${when}。` }
    : { en: `Expired on ${when}.`, zh: `已于 ${when} 过期。` }
}

function detailLine(kind: NoticeKind, { detail }: NoticeDetail): Bilingual | null {
  if (detail === null) return null
  const zh = kind.startsWith('approval') ? approvalDetail(detail) : null
  return { en: `What happened: ${detail}`, zh: zh ?? `技术详情：${detail}` }
}

/** What the service itself writes of a request for approval (`gate.ts`, `decide.ts`). */
function approvalDetail(detail: string): string | null {
  const [, asked, mayDecide] = /^(.+) asks; (.+) may decide\.$/s.exec(detail) ?? []
  if (asked !== undefined) return `申请人：${asked}；可审批：${mayDecide}`
  const [, decided, reason] = /^By (.+?)(?:: (.+)|\.)$/s.exec(detail) ?? []
  if (decided === undefined) return null
  return reason === undefined ? `处理人：${decided}` : `处理人：${decided}；理由：${reason}`
}

const ADVICE: Readonly<Record<NoticeKind, (facts: NoticeDetail, now: number) => Bilingual>> = {
  expiry: (facts, now) => outlookAdvice(facts, now) ?? PROGRESS_ADVICE[facts.progress ?? 'none'],
  expired: (facts, now) =>
    outlookAdvice(facts, now) ??
    (facts.progress === null || facts.progress === 'none'
      ? {
          en: 'Sites that still serve it fail. An expired certificate is bought anew, not renewed.',
          zh: '仍在使用该证书的网站将无法访问。已过期的证书不能续费，请新购证书。',
        }
      : PROGRESS_ADVICE[facts.progress]),
  applicationRefused: () => ({
    en: 'Correct the application and submit it again.',
    zh: '请修改申请后重新提交。',
  }),
  renewalAttention: () => ({
    en: 'Install the new certificate at the addresses named, or correct the endpoints; probing goes on.',
    zh: '请在上述地址安装新证书，或更正站点信息；系统会继续探测。',
  }),
  deploymentFailed: () => ({
    en: 'Mend the cause; what can be tried again is tried again by itself, else deploy again.',
    zh: '请排除原因；可重试的部署会自动重试，否则请重新部署。',
  }),
  deploymentRolledBack: () => ({
    en: 'The pair of before is in place. Mend the cause and deploy again.',
    zh: '已恢复为之前的证书。请排除原因后重新部署。',
  }),
  endpointStrayed: ({ neverProved }) =>
    neverProved
      ? {
          en: 'It serves neither this certificate nor the one before it. Install this one there, or find out what answers there (a CDN, a load balancer, another tool); if another certificate is meant there, remove the endpoint.',
          zh: '该站点使用的既不是本证书，也不是其前一张证书。请在该处安装本证书，或确认由什么设备应答（CDN、负载均衡或其他工具）；如该站点本应使用其他证书，请移除该站点。',
        }
      : {
          en: 'It did before: somebody put another certificate there, or a node that was away came back. Install the certificate again.',
          zh: '该站点此前已使用新证书：可能被换上了其他证书，或有旧节点重新上线。请重新安装证书。',
        },
  revokedByCa: ({ issuer, count }) =>
    count !== undefined
      ? {
          en: 'The certificates themselves are not revoked, but clients may refuse them from now on. Have the CA issue them anew under another intermediate, or install another chain that the CA offers; the keys may stay. The timeline of each says so.',
          zh: '证书本身未被吊销，但客户端可能随时拒绝。请让 CA 以其他中间证书重新签发，或安装 CA 提供的另一条证书链；无需更换私钥。每张证书的时间线均有记录。',
        }
      : issuer !== undefined
        ? {
            en: 'The certificate itself is not revoked, but clients may refuse it from now on. Have the CA issue it anew under another intermediate, or install another chain that the CA offers; the key may stay.',
            zh: '证书本身未被吊销，但客户端可能随时拒绝。请让 CA 以其他中间证书重新签发，或安装 CA 提供的另一条证书链；无需更换私钥。',
          }
        : {
            en: 'Clients may refuse it from now on. Get another certificate with a new key and install it at once.',
            zh: '客户端可能随时拒绝该证书。请立即使用新密钥申请并安装新证书。',
          },
  reviewWaiting: () => ({
    en: 'Somebody else than who submitted it has to decide.',
    zh: '须由提交人以外的审核员处理。',
  }),
  approvalWaiting: () => ({
    en: 'Approve or refuse it, as somebody else than who asked.',
    zh: '请由申请人以外的成员批准或拒绝。',
  }),
  moneyCredited: moneyAdvice,
  managedBlocked: () => ({
    en: 'It is tried again by itself. Mend the cause, or renew it by hand: until then nobody renews it.',
    zh: '系统会自动重试。请排除原因或手动续费，在此之前证书不会续费。',
  }),
  approvalDecided: () => ({
    en: 'What was approved and is yours to use waits for a day.',
    zh: '已批准且须由您使用的请求保留一天。',
  }),
  deliveryGivenUp: () => ({
    en: 'Correct the channel and test it.',
    zh: '请更正该通知渠道并测试。',
  }),
}

const PROGRESS_ADVICE: Readonly<Record<RenewalProgress, Bilingual>> = {
  none: {
    en: 'It is not renewed. Renew it now.',
    zh: '尚未续费，请立即续费。',
  },
  underWay: {
    en: 'Its renewal is under way and not issued yet. See what it waits for.',
    zh: '续费正在进行，新证书尚未签发。请查看进度。',
  },
  issuedNotServed: {
    en: 'The new certificate is issued, but was not seen at every site. Install it, and add sites that are missing.',
    zh: '新证书已签发，但尚未确认在所有站点生效。请安装新证书，并补充缺少的站点。',
  },
}

type Does = NoticeOutlook['does']

/** What Evercert will do, and when, or why nothing is to be renewed now; null: nothing by itself, and nothing that is paid for already. */
function outlookAdvice({ outlook }: NoticeDetail, now: number): Bilingual | null {
  if (outlook === null || outlook === undefined) return null
  if (outlook.does === 'blocked' && outlook.at === null) return blockedForGood(outlook.detail ?? '-')
  const when = outlook.at === null || outlook.at <= now ? null : formatInstant(outlook.at)
  const at = when === null ? { en: 'soon', zh: '近期' } : { en: `on ${when}`, zh: `于 ${when} ` }
  return OUTLOOKS[outlook.does](at, outlook.detail ?? '-', outlook.foreseen ?? null)
}

/** What a reviewer refused is not sent again by itself. */
function blockedForGood(detail: string): Bilingual {
  return {
    en: `It is managed, but could not act by itself: ${detail} Evercert does not try again before somebody corrects it.`,
    zh: `已托管，但未能自动完成，须人工更正后才会继续。（技术详情：${detail}）`,
  }
}

const OUTLOOKS: Readonly<Record<Does, (at: Bilingual, detail: string, foreseen: Bilingual | null) => Bilingual>> = {
  renews: (at) => ({
    en: `It is managed: Evercert renews it by itself ${at.en}, within your limit. There is nothing to do.`,
    zh: `已托管：Evercert 将${at.zh}自动续费，不超过您设置的上限，无需操作。`,
  }),
  reissues: (at, _detail, foreseen) => ({
    en: `It is managed: Evercert reissues it at no charge ${at.en}. There is nothing to do${foreseen === null ? '.' : ` for that. ${foreseen.en}`}`,
    zh: `已托管：Evercert 将${at.zh}自动免费重新签发，无需操作。${foreseen?.zh ?? ''}`,
  }),
  heldUp: (at, detail, foreseen) => ({
    en: `It is managed, but as things are now Evercert could not renew it ${at.en}. ${foreseen?.en ?? detail}`,
    zh: `已托管，但按目前情况 Evercert 无法${at.zh}自动续费。${foreseen?.zh ?? detail}`,
  }),
  blocked: (at, detail) => ({
    en: `It is managed, but could not act by itself: ${detail} Evercert tries again ${at.en}. Mend the cause, or renew it by hand.`,
    zh: `已托管，但未能自动完成，Evercert 将${at.zh}重试。请排除原因，或手动续费。（技术详情：${detail}）`,
  }),
  reissueByHand: () => ({
    en: 'The period that was paid for goes on: do not buy a renewal. Submit its application again, at no charge.',
    zh: '服务期尚未结束，无需续费购买。请重新提交证书申请，可免费重新签发。',
  }),
  buyAnew: (_at, brand) => ({
    en: `Certificates of the brand ${brand} cannot be renewed here. Buy a new one for the same names and install it before this one ends.`,
    zh: `品牌 ${brand} 的证书不支持续费购买。请为相同域名新购证书，并在到期前安装。`,
  }),
  renewsLater: (at) => ({
    en: `Its renewal is not open yet: it opens ${at.en}. There is nothing to do before.`,
    zh: `续费尚未开放，将${at.zh}开放，在此之前无需操作。`,
  }),
}
