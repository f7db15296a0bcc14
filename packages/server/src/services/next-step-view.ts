/**
 * The one sentence that every certificate shows: what happens next, who moves, and when.
 *
 * @module
 */
import { countOf, type Bilingual, type CertificateView, type FinishEstimateView } from '@evercert/contract'
import type { CertificateRecord } from '../db/certificates.ts'
import type { CertificateStatus } from '../domain/certificate/derive-status.ts'
import type { RenewalDecision } from '../domain/certificate/decide-renewal.ts'
import { formatInstant, ownWords } from './texts.ts'

type NextStep = CertificateView['nextStep']

const view = (code: string, mover: NextStep['mover'], text: Bilingual, at: number | null = null): NextStep => ({
  code,
  mover,
  text,
  at: at === null ? null : new Date(at).toISOString(),
})

type Describe = (record: CertificateRecord, renewal: RenewalDecision, estimate: FinishEstimateView | null) => NextStep

const ended: Describe = () => view('none', 'nobody', { en: 'Nothing: it has ended.', zh: '无后续操作：已结束。' })

const BY_STATUS: Readonly<Record<CertificateStatus, Describe>> = {
  pendingApplication: () =>
    view('submitApplication', 'user', {
      en: 'Submit the application; the CA issues nothing before that.',
      zh: '请提交证书申请，CA 审核通过后才会签发证书。',
    }),
  pendingValidation: validationStep,
  inReview: reviewStep,
  reviewFailed: refusedStep,
  issued: (record, renewal, estimate) => applyingStep(record, estimate) ?? issuedStep(record, 'issued', renewal),
  expiringSoon: (record, renewal, estimate) => applyingStep(record, estimate) ?? issuedStep(record, 'expiringSoon', renewal),
  expired: (record, renewal, estimate) => applyingStep(record, estimate) ?? expiredStep(record, renewal),
  revocationPending: revocationStep,
  revoked: revokedStep,
  cancelled: ended,
  refunded: ended,
  closed: ended,
}

export function describeNextStep(
  record: CertificateRecord,
  status: CertificateStatus,
  renewal: RenewalDecision,
  estimate: FinishEstimateView | null,
): NextStep {
  return BY_STATUS[status](record, renewal, estimate)
}

/** Of a certificate that has one already: what its reissue waits for comes first. Null: no reissue is under way. */
function applyingStep(record: CertificateRecord, estimate: FinishEstimateView | null): NextStep | null {
  const state = record.facts.application?.state
  if (state === 'pendingValidation') return validationStep(record)
  if (state === 'inReview') return reviewStep(record, null, estimate)
  return state === 'reviewFailed' ? refusedStep(record) : null
}

/** An agent that asks for work is seen every half minute. */
const AWAY_MS = 5 * 60_000

/** The key is made on the host: who has to move says when the agent was last seen. Null: no key is waited for. */
export function describeHostKeyStep({ application }: CertificateRecord, now: number): NextStep | null {
  const key = application?.awaitsKey ?? null
  if (key === null || application === null || application.awaitsReview) return null
  const { agent, site, agentSeenAt } = key
  if (application.failedCode === 'hostKeyRefused') {
    const why = application.failedDetail ?? ''
    return view(
      'mendHostKey',
      'user',
      {
        en: `The key could not be made on the host: ${sentence(why)} It is asked for again by itself.`,
        zh: `主机上未能生成私钥${ownWords(why, '：')}。系统会自动重试。`,
      },
      application.retryAt,
    )
  }
  if (agentSeenAt !== null && now - agentSeenAt <= AWAY_MS) {
    return view('awaitHostKey', 'evercert', {
      en: `Agent ${agent} makes a new key for site ${site} on its host and sends the CSR.`,
      zh: `代理 ${agent} 正在主机上为站点 ${site} 生成新私钥并提交 CSR。`,
    })
  }
  const [seen, seenZh] =
    agentSeenAt === null
      ? ['was never seen', '从未在线']
      : [`was last seen ${formatInstant(agentSeenAt)}`, `最近在线 ${formatInstant(agentSeenAt)}`]
  return view('startAgent', 'user', {
    en: `Start evercert-agent on the host of ${agent}: the new key is made there, and it ${seen}. Nothing goes to the CA before.`,
    zh: `请在主机上启动代理 ${agent}：新私钥须在该主机上生成，代理${seenZh}。此前不会向 CA 提交申请。`,
  })
}

/** An upload whose time has not begun. Null: it has, or something else comes first. */
export function describeEarlyStep(record: CertificateRecord, status: CertificateStatus, now: number): NextStep | null {
  const { issuance, facts, targetCount } = record
  if (status !== 'issued' || facts.origin !== 'uploaded' || facts.liveRenewal !== null) return null
  if (issuance === null || issuance.notBefore <= now) return null
  const from = formatInstant(issuance.notBefore)
  return targetCount === 0
    ? view(
        'awaitValidity',
        'user',
        {
          en: `It is not valid before ${from}: install it then, and leave the present one in place until then.`,
          zh: `证书自 ${from} 起才生效：请届时再安装，此前请保留现有证书。`,
        },
        issuance.notBefore,
      )
    : view(
        'awaitValidity',
        'evercert',
        {
          en: `It is not valid before ${from}: it is installed then, by itself.`,
          zh: `证书自 ${from} 起才生效：届时将自动安装。`,
        },
        issuance.notBefore,
      )
}

function refusedStep(record: CertificateRecord): NextStep {
  const reason = record.application?.failedDetail ?? null
  const isReissue = record.issuance !== null
  const by = record.application?.failedCode === 'reviewRefused' ? 'review' : 'CA'
  return view('correctApplication', 'user', {
    en: `The ${by} refused: ${sentence(reason ?? 'no reason given')} Correct the application and submit it again${isReissue ? '' : ', or delete the certificate'}.`,
    zh: `申请未通过${ownWords(reason, '：')}。请修改申请后重新提交${isReissue ? '' : '，或删除该证书'}。`,
  })
}

/** Expiry does not forfeit what was paid for; and what was renewed is not bought again. */
function expiredStep({ facts }: CertificateRecord, renewal: RenewalDecision): NextStep {
  const successorId = facts.liveRenewal?.certificateId ?? null
  if (successorId !== null) {
    return view('renewed', 'nobody', {
      en: `It has expired, and ${successorId} takes its place: see what that one waits for. Sites that serve this one still fail.`,
      zh: `证书已过期，由 ${successorId} 接替，请查看其进度。仍在使用本证书的网站将无法访问。`,
    })
  }
  return renewal.action === 'reissue'
    ? reissueStep()
    : view('buyNew', 'user', { en: 'It has expired: buy a new certificate.', zh: '证书已过期，请新购证书。' })
}

function reissueStep(): NextStep {
  return view('reissue', 'user', {
    en: 'Reissue it at no charge: submit its application again; the period paid for goes on.',
    zh: '可免费重新签发：请重新提交证书申请，服务期尚未结束。',
  })
}

/** FD §3.9: the timings are shown while people or the CA are at it. */
function reviewStep(record: CertificateRecord, _renewal: RenewalDecision | null, estimate: FinishEstimateView | null): NextStep {
  const timing = { en: estimate === null ? '' : ` ${estimate.text.en}`, zh: estimate?.text.zh ?? '' }
  const at = estimate === null ? null : Date.parse(estimate.usuallyUntil)
  if (record.application?.awaitsReview === true) {
    const text = {
      en: `Somebody else than the applicant reviews the organisation.${timing.en}`,
      zh: `等待申请人以外的审核人审核组织信息。${timing.zh}`,
    }
    return view('review', 'ca', text, at)
  }
  const text = { en: `The CA is checking the application.${timing.en}`, zh: `CA 正在审核证书申请。${timing.zh}` }
  return view('await', 'ca', text, at)
}

function revocationStep(record: CertificateRecord): NextStep {
  if (record.revocationConfirmedAt === null) {
    return view('confirmRevocation', 'user', {
      en: 'The contact confirms or declines the revocation.',
      zh: '请联系人确认或拒绝吊销。',
    })
  }
  return view('awaitRevocation', 'evercert', {
    en: 'The CA is being asked to revoke it, until it confirms.',
    zh: '正在请求 CA 吊销，直至 CA 确认。',
  })
}

/** What serves it still does so: the warning stays until no target and no site belongs to it. */
function revokedStep(record: CertificateRecord, renewal: RenewalDecision): NextStep {
  const { endpointCount, targetCount } = record
  if (endpointCount === 0 && targetCount === 0) return ended(record, renewal, null)
  return view('replaceRevoked', 'user', {
    en: `It is revoked, and ${countOf(endpointCount, 'site')} and ${countOf(targetCount, 'target')} still belong to it: clients may refuse them. Install another certificate there.`,
    zh: `证书已吊销，但仍有 ${endpointCount} 个站点、${targetCount} 个部署目标在使用，客户端可能拒绝访问。请更换为其他证书。`,
  })
}

function validationStep(record: CertificateRecord): NextStep {
  const { application } = record
  if (application?.answered === true) {
    return view(
      'awaitValidation',
      'ca',
      { en: 'The CA is validating the domains.', zh: 'CA 正在验证域名。' },
      application.retryAt,
    )
  }
  const problem = application?.failedDetail ?? null
  return view(
    'completeValidation',
    'user',
    {
      en: `Put the validation file or record in place${problem === null ? '' : ' (the last check did not see it)'}. It is checked again by itself.`,
      zh: `请完成域名验证文件或解析记录${problem === null ? '' : '（上次检查没有通过）'}。系统会自动重新检查。`,
    },
    application?.retryAt ?? null,
  )
}

function issuedStep(record: CertificateRecord, status: 'issued' | 'expiringSoon', renewal: RenewalDecision): NextStep {
  const liveRenewal = record.facts.liveRenewal
  if (liveRenewal !== null) return renewedStep(record, liveRenewal.certificateId)
  if (renewal.action === 'reissue') return reissueStep()
  if (status === 'expiringSoon') return expiringStep(record, renewal)
  if (record.servedAt === null) return installStep(record)
  return view(
    'none',
    'nobody',
    { en: 'Served everywhere; nothing to do.', zh: '所有站点均已使用该证书，无需操作。' },
    renewal.opensAt,
  )
}

function renewedStep(record: CertificateRecord, newCertificateId: string | null): NextStep {
  const until = formatInstant(record.facts.issuance?.notAfter ?? 0)
  if (newCertificateId === null) {
    const orderId = record.unpaidRenewal?.orderId ?? '-'
    return view('pay', 'user', {
      en: `Its renewal is ordered and not paid: pay order ${orderId} before ${until}, or cancel it to renew in another way. It closes by itself when nobody begins to pay it within 24 hours.`,
      zh: `续费订单 ${orderId} 已提交，尚未支付：请在 ${until} 前完成支付（24 小时内未开始支付的订单会自动关闭）；如需以其他方式续费，请取消该订单。`,
    })
  }
  // FD §3.10: the warning stays until the new one is installed, and §3.11: seen to be served.
  if (record.isReplaced) {
    return view('renewed', 'nobody', {
      en: 'Renewed: every site serves the new certificate; nothing to do.',
      zh: '已续费：所有站点均已使用新证书，无需操作。',
    })
  }
  return view('renewed', 'nobody', {
    en: `Renewed: HTTPS needs the new certificate before ${until}.`,
    zh: `已续费：请在 ${until} 前改用新证书，否则 HTTPS 服务将受影响。`,
  })
}

function expiringStep(record: CertificateRecord, renewal: RenewalDecision): NextStep {
  const until = record.facts.issuance?.notAfter ?? null
  if (renewal.eligible) {
    return view('renew', 'user', { en: 'Renew it before it expires.', zh: '请在到期前续费。' }, until)
  }
  return view('buyNew', 'user', { en: 'It cannot be renewed: buy a new certificate.', zh: '该证书不能续费，请新购证书。' }, until)
}

/** FD §3.10: the warning stays until the new certificate is installed, and §3.11: seen to be served. */
function installStep(record: CertificateRecord): NextStep {
  if (record.endpointCount === 0) {
    return view('addEndpoint', 'user', {
      en: 'Install it on the web server and add the site as an endpoint: without one nothing proves that it is served.',
      zh: '请将证书安装到 Web 服务器，并添加站点：没有站点就无法证明新证书已生效。',
    })
  }
  if (record.failedTarget !== null) {
    const { failedTarget: target } = record
    return view('deployAgain', 'user', {
      en: `It could not be installed on target ${target}: see there why, mend it, and deploy again.`,
      zh: `未能安装到部署目标「${target}」：请查看原因，处理后重新部署。`,
    })
  }
  if (record.stranger !== null) {
    const { cause, remedy } = record.stranger
    return view('replaceStranger', 'user', {
      en: `${cause.en} ${remedy.en} If another certificate is meant there, remove the endpoint.`,
      zh: `${cause.zh}${remedy.zh}如该站点本应使用其他证书，请移除该站点。`,
    })
  }
  const byHand = record.targetCount === 0
  return view('prove', byHand ? 'user' : 'evercert', {
    en: byHand
      ? 'Install it on the web server in place of the old one; every address is probed until it is served.'
      : 'It is being installed and every address probed until it is served.',
    zh: byHand ? '请将证书安装到 Web 服务器替换旧证书，系统会持续探测所有地址。' : '正在安装并探测所有地址，直至新证书生效。',
  })
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
