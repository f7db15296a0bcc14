/**
 * What the service itself writes beside a state of a timeline, in Chinese. What people and servers wrote stays as it is.
 *
 * @module
 */
import { WORDS_ZH } from './words-zh.ts'

type Phrase = readonly [RegExp, string | ((match: string, ...parts: string[]) => string)]

const ID = String.raw`([a-z]{3}_\w+)`
const verdicts: Readonly<Record<string, string>> = WORDS_ZH.verdict
const REASONS: Readonly<Record<string, string>> = {
  keyCompromise: '私钥泄露',
  caCompromise: 'CA 私钥泄露',
  affiliationChanged: '所属关系变更',
  superseded: '已被取代',
  cessationOfOperation: '停止使用',
  privilegeWithdrawn: '授权撤销',
  unspecified: '未说明原因',
}
const SOURCES: Readonly<Record<string, string>> = {
  'the CRL': 'CRL',
  'the OCSP responder': 'OCSP 服务器',
  'the stapled OCSP response': '随附的 OCSP 应答',
}

const WORK: Readonly<Record<string, string>> = { install: '安装', restore: '恢复', csr: '生成 CSR' }

const PHRASES: readonly Phrase[] = [
  [new RegExp(`(^|; )renews ${ID}$`), (_all, before, id) => `${before === '' ? '' : '；'}续费自 ${id}`],
  [new RegExp(`, from ${ID}$`), '，来自 $1'],
  [new RegExp(`, to ${ID}$`), '，移至 $1'],
  [/^the money went back to the balance(?=;)/, '款项已退回余额'],
  [/^the money was not given back(?=;)/, '款项不退'],
  [/^nothing issued(?=;)/, '未签发'],
  [/; (\d+) stored keys? destroyed$/, '；已销毁 $1 个存储的私钥'],
  [/(^SHA-256 [0-9a-f]{64}), serial ([0-9a-f]+), /i, '$1，序列号 $2，'],
  [/: the certificate is deployed there anew$/, '：证书将重新部署到此处'],
  [/: nothing is deployed$/, '：不重新部署'],
  [/: another certificate holds it for this kind of key$/, '：另一张证书已以此密钥类型使用该站点'],
  [/^at most (\S+) for each renewal/, '每次续费最多 $1'],
  [new RegExp(`(^|; )given back by ${ID}$`), (_all, before, id) => `${before === '' ? '' : '；'}由 ${id} 交还`],
  [/^the agent was revoked$/, '代理已吊销'],
  [
    /^(install|restore|csr) (\S+) by agent (\S+)$/,
    (_all, kind, site, agent) => `由代理 ${agent} 在 ${site} 上${WORK[kind] ?? kind}`,
  ],
  [new RegExp(`^as reviewed (\\S+) \\(${ID}\\)$`), '沿用 $1 的审核（$2）'],
  [
    /^the CA asks to renew between ([\d-]+ [\d:]+ UTC) and ([\d-]+ [\d:]+ UTC)(: )?/,
    (_all, from, until, colon) => `CA 建议在 ${from} 至 ${until} 之间续费${colon === undefined ? '' : '：'}`,
  ],
  [/^approved by review$/, '审核通过'],
  [/^reviewRefused$/, '审核未通过'],
  [/^(\d+) address(?:es)? of (\d+) endpoints? serves? it$/, '$2 个站点的 $1 个地址已使用该证书'],
  [/^(.+) asks; (.+) may decide\.$/, '申请人：$1；可审批：$2'],
  [/^the channel was removed$/, '通知渠道已移除'],
  [/^revoked$/, '已吊销'],
  [
    /(^|: )(\w+), since (\S+), says (?=the (?:CRL|OCSP responder|stapled OCSP response) of its CA\b)/,
    (_all, before, reason, at) => `${before === '' ? '' : '：'}${REASONS[reason] ?? reason}，自 ${at} 起，据 CA 的 `,
  ],
  [
    /(?<=据 CA 的 )(the CRL|the OCSP responder|the stapled OCSP response) of its CA(?: \((\S+)\))?$/,
    (_all, source, url) => `${SOURCES[source] ?? source}${url === undefined ? '' : `（${url}）`}`,
  ],
]

/** `shop.test at 192.0.2.1: oldCertificate`, as many as there are. */
const SEEN = /(\S+) at (\S+): (\w+)(; |$)/g

/** The detail in Chinese as far as the service's own words go. */
export function detailInChinese(detail: string): string {
  const said = PHRASES.reduce((text, [pattern, words]) => text.replace(pattern, words as string), detail)
  return said.replace(SEEN, (all, host: string, address: string, verdict: string, end: string) => {
    const word = verdicts[verdict]
    return word === undefined ? all : `${host}（${address}）：${word}${end === '' ? '' : '；'}`
  })
}
