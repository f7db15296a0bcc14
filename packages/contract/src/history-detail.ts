/**
 * What the service itself writes beside a state of a timeline, in Chinese. What people, CAs and servers said stays in their own words.
 *
 * @module
 */

/** Each part of a detail by itself; `; ` separates them. */
const PARTS: readonly (readonly [pattern: RegExp, zh: string])[] = [
  [/^renews (crt_\w+)$/, '续费自 $1'],
  [/^(.+), from (crt_\w+)$/, '$1，来自 $2'],
  [/^(.+), to (crt_\w+)$/, '$1，移交给 $2'],
  [/^(\d+) stored keys destroyed$/, '已销毁保存的私钥 $1 个'],
  [/^the money went back to the balance$/, '款项已退回余额'],
  [/^the money was not given back$/, '未退款'],
  [/^nothing issued$/, '从未签发'],
  [/^approved by review$/, '审核通过'],
  [/^reviewRefused$/, '审核未通过'],
  [/^revoked$/, '因证书已吊销'],
  [/^the agent was revoked$/, '代理已被吊销'],
  [/^(\w+) (\S+) by agent (.+)$/, '$2（$1），由代理 $3 执行'],
  [/^at most (.+) for each renewal$/, '单次续费上限 $1'],
  [/^given back by (crt_\w+)$/, '由 $1 交还'],
  [/^(\d+) addresses of (\d+) endpoints serve it$/, '$2 个站点的 $1 个地址已使用该证书'],
  [/^the CA asks to renew between (.+ UTC) and (.+ UTC)(?:: (\S+))?$/, 'CA 建议在 $1 至 $2 之间续费 $3'],
  [/^as reviewed (\S+) \((\w+)\)$/, '沿用 $1 的审核结果（$2）'],
  [/^(.+) asks; (.+) may decide\.$/, '申请人：$1；可审批：$2'],
  [/^(.+): the certificate is deployed there anew$/, '$1：证书将重新部署到该目标'],
  [/^(.+): nothing is deployed$/, '$1：无需部署'],
  [/^the channel was removed$/, '通知渠道已移除'],
]

/** What is in none of these patterns stays as it is. */
export function historyDetailZh(detail: string): string {
  const whole = inChinese(detail)
  if (whole !== null) return whole
  const parts = detail.split('; ')
  const words = parts.map((part) => inChinese(part))
  return words.every((word) => word === null) ? detail : words.map((word, at) => word ?? parts[at]).join('；')
}

function inChinese(part: string): string | null {
  const found = PARTS.find(([pattern]) => pattern.test(part))
  return found === undefined ? null : part.replace(found[0], found[1]).trim()
}
