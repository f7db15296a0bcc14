/**
 * Domain names as people enter them, and whether they fit what was bought (DOMAIN §4). No look-ups.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import { parse as parseSuffix } from 'tldts'
import { AppError } from '../errors.ts'
import type { DomainType } from '../product/specification.ts'
import { decodePunycode } from './punycode.ts'

export type DomainName = {
  /** As in the certificate: A-labels, lower case, `*.` in front of a wildcard, no trailing dot. */
  readonly name: string
  readonly wildcard: boolean
  /** The name without `*.`: what is validated. */
  readonly base: string
  /** {@link name} with U-labels, for display. Lookalike characters are not told apart. */
  readonly unicode: string
}

/** What was bought: which kinds of names, and how many at most. */
export type DomainAllowance = { readonly domainType: DomainType; readonly domainCount: number }

const MAX_NAME_OCTETS = 253 // RFC 1035 §2.3.4, in the form without the root's dot
const MAX_LABEL_OCTETS = 63
const MAX_SHOWN = 300 // a name that is a little too long is shown whole, a pasted file is not
const LABEL_SEPARATORS = /[。．｡]/gu // UTS 46 maps them to a full stop; Chinese input methods type them
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/u
const LDH_LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/u

/** What to do about a name, after the name itself. */
const text = (en: string, zh: string): Bilingual => ({ en, zh })

/** Slips that deserve an answer of their own, in the order in which they are looked for. */
const SLIPS: readonly (readonly [RegExp, Bilingual])[] = [
  [/^$/u, text('it is empty: enter a name such as www.example.com', '内容为空，请填写域名，例如 www.example.com')],
  [
    /:\/\/|[/\\?#]/u,
    text(
      'it is a web address: enter the host name alone, without https:// and path',
      '这是网址，请只填写域名，不含 https:// 和路径',
    ),
  ],
  [/@/u, text('it is an e-mail address: enter the domain behind the @', '这是邮箱地址，请填写 @ 之后的域名')],
  [/^\[.*\]$|:.*:/u, text('it is an IP address: enter a domain name', '这是 IP 地址，请填写域名')],
  [/:/u, text('it has a port: enter the host name alone', '含有端口号，请只填写域名')],
  [/\s|,|;/u, text('it has a space or a separator in it: enter each name by itself', '含有空格或分隔符，请逐个填写域名')],
  [/%/u, text('it is percent-encoded: enter the name as it reads', '含有百分号编码，请按原样填写域名')],
  [
    /_/u,
    text(
      'host names in certificates have no underscore: use a hyphen, or leave the name out',
      '证书中的域名不能含下划线，请改用连字符或去掉该域名',
    ),
  ],
]

/**
 * One name of an application. Trims white space and one trailing dot, lowers the case, turns IDN into A-labels (UTS 46).
 * Reserved and internal top-level domains (`.test`, `.internal`) pass, for private CAs; a public CA refuses them itself.
 *
 * @throws AppError `badDomain`, saying what to do, with the name as entered in `facts.names`, and in both languages in `facts.adviceEn` and `facts.adviceZh`
 */
export function parseDomainName(raw: string): DomainName {
  const entered = raw.trim().replace(LABEL_SEPARATORS, '.').replace(/\.$/u, '')
  for (const [pattern, advice] of SLIPS) if (pattern.test(entered)) refuse(raw, advice)
  const wildcard = entered.startsWith('*.')
  const host = wildcard ? entered.slice(2) : entered
  if (host.includes('*'))
    refuse(
      raw,
      text(
        'a wildcard is one *. at the very left, for one level: enter *.example.com',
        '通配符只能在最左侧且只占一级，请写作 *.example.com',
      ),
    )
  const base = toAsciiName(raw, host)
  const name = wildcard ? `*.${base}` : base
  if (name.length > MAX_NAME_OCTETS)
    refuse(raw, text(`it is longer than ${MAX_NAME_OCTETS} octets: shorten it`, `超过 ${MAX_NAME_OCTETS} 字节，请缩短`))
  refuseUnownable(raw, base, wildcard)
  return { name, wildcard, base, unicode: toUnicodeName(raw, name) }
}

/** The common name: the first name that is not a wildcard, or else the first (DOMAIN §4). Names as parsed; null for none. */
export function commonNameOf(names: readonly string[]): string | null {
  return names.find((name) => !isWildcard(name)) ?? names[0] ?? null
}

/**
 * Whether the names are what the product allows: `single` one plain name, `wildcard` one wildcard, `multi` plain names,
 * `multiWildcard` wildcards, `mixed` both with a plain one first; no name twice, nothing beyond the count.
 * `www.` beside the apex counts as a name of its own: no companion is added for free.
 *
 * @param names as entered; every one of them is parsed
 * @throws AppError `badDomain` with one sentence for each name that is wrong, those names in `facts.names`, and what to do about each in both languages
 */
export function checkDomainsFit(names: readonly string[], allowance: DomainAllowance): void {
  if (names.length === 0)
    throw new AppError('badDomain', 'Checking the domains: there is none: enter at least one name.', { facts: { names: [] } })
  const parsed = names.map((raw) => tryParse(raw))
  const seen = new Set<string>()
  const faults = parsed.flatMap((outcome, position) => {
    const advice = outcome.fault ?? misfit(outcome.name, position, seen, allowance)
    if (outcome.name !== null) seen.add(outcome.name)
    return advice === null ? [] : [{ name: toShown(names[position] ?? ''), advice }]
  })
  if (faults.length === 0) return
  const sentences = faults.map(({ name, advice }) => `${name}: ${advice.en}`).join('; ')
  throw new AppError('badDomain', `Checking the domains: they do not fit the product: ${sentences}.`, {
    facts: toFacts(faults),
  })
}

type Outcome = { readonly name: string; readonly fault: null } | { readonly name: null; readonly fault: Bilingual }

/** All names are checked before any is refused, so that the user corrects them in one go. */
function tryParse(raw: string): Outcome {
  try {
    return { name: parseDomainName(raw).name, fault: null }
  } catch (error) {
    if (!(error instanceof BadDomain)) throw error
    return { name: null, fault: error.advice }
  }
}

/** Lists of one length: a name, and what to do about it. */
function toFacts(faults: readonly { readonly name: string; readonly advice: Bilingual }[]) {
  return {
    names: faults.map(({ name }) => name),
    adviceEn: faults.map(({ advice }) => advice.en),
    adviceZh: faults.map(({ advice }) => advice.zh),
  }
}

class BadDomain extends AppError {
  readonly advice: Bilingual

  constructor(shown: string, advice: Bilingual) {
    super('badDomain', `Reading the domain name "${shown}": ${advice.en}.`, { facts: toFacts([{ name: shown, advice }]) })
    this.advice = advice
  }
}

/** Why one parsed name does not fit at its position, or null. `seen` holds the names before it. */
function misfit(
  name: string,
  position: number,
  seen: ReadonlySet<string>,
  { domainType, domainCount }: DomainAllowance,
): Bilingual | null {
  if (seen.has(name)) return text('it is there twice: remove one', '域名重复，请删除一个')
  const wildcard = isWildcard(name)
  if (wildcard && (domainType === 'single' || domainType === 'multi'))
    return text('the product has no wildcards: enter a name without *.', '所购产品不支持通配符，请填写不含 *. 的域名')
  if (!wildcard && (domainType === 'wildcard' || domainType === 'multiWildcard'))
    return text('the product has wildcards only: enter *.example.com', '所购产品只支持通配符域名，请写作 *.example.com')
  if (wildcard && domainType === 'mixed' && position === 0)
    return text(
      'the first name is the common name: put a name without *. first',
      '第一个域名为通用名称，请将不含 *. 的域名放在最前',
    )
  const most = domainType === 'single' || domainType === 'wildcard' ? 1 : domainCount
  return position < most
    ? null
    : text(
        `the product has room for ${most}: remove it, or buy more domains`,
        `所购产品最多 ${most} 个域名，请删除，或购买更多域名`,
      )
}

function isWildcard(name: string): boolean {
  return name.startsWith('*.')
}

/** The URL parser is the one implementation of UTS 46 that every runtime has; what it lets through beyond host names is refused after. */
function toAsciiName(raw: string, host: string): string {
  const ascii = URL.parse(`https://${host}/`)?.hostname ?? ''
  if (IPV4.test(ascii)) refuse(raw, text('it is an IP address: enter a domain name', '这是 IP 地址，请填写域名'))
  const labels = ascii.split('.')
  if (ascii === '' || labels.some((label) => label === ''))
    refuse(raw, text('it is not a domain name: check dots and characters', '不是有效的域名，请检查点号和字符'))
  if (labels.some((label) => label.length > MAX_LABEL_OCTETS))
    refuse(
      raw,
      text(
        `a part between dots is longer than ${MAX_LABEL_OCTETS} octets: shorten it`,
        `点号之间的一段超过 ${MAX_LABEL_OCTETS} 字节，请缩短`,
      ),
    )
  if (!labels.every((label) => LDH_LABEL.test(label)))
    refuse(
      raw,
      text(
        'use letters, digits and hyphens, with no hyphen at either end of a part',
        '只能使用字母、数字和连字符，且每一段的首尾不能是连字符',
      ),
    )
  const reserved = labels.some((label) => label.slice(2, 4) === '--' && !label.startsWith('xn--'))
  if (reserved)
    refuse(
      raw,
      text(
        'hyphens in third and fourth place are reserved (BR 7.1.4.2): rename the host',
        '第三、四位的连字符为保留用法（BR 7.1.4.2），请更换域名',
      ),
    )
  return ascii
}

/** What nobody can own: a name without a dot, and a public suffix, under which others register (both sections of the list). */
function refuseUnownable(raw: string, base: string, wildcard: boolean): void {
  if (!base.includes('.') && (base !== 'localhost' || wildcard))
    refuse(
      raw,
      text(
        'it has only one part: enter the full name, such as www.example.com',
        '只有一段，请填写完整域名，例如 www.example.com',
      ),
    )
  const suffix = parseSuffix(base, { allowPrivateDomains: true, extractHostname: false })
  const isListed = suffix.isIcann === true || suffix.isPrivate === true
  if (isListed && suffix.publicSuffix === base)
    refuse(
      raw,
      text(
        'it is a public suffix, under which others register: enter a name below it',
        '这是公共后缀，供他人在其下注册，请填写它的下级域名',
      ),
    )
}

function toUnicodeName(raw: string, name: string): string {
  return name
    .split('.')
    .map((label) => (label.startsWith('xn--') ? toUnicodeLabel(raw, label) : label))
    .join('.')
}

/** The URL parser passes A-labels through unread; one that is not the encoding of its own U-label is refused (RFC 5891 §5.3). */
function toUnicodeLabel(raw: string, label: string): string {
  const decoded = tryDecode(label.slice('xn--'.length))
  if (decoded === null || URL.parse(`https://${decoded}/`)?.hostname !== label) {
    refuse(
      raw,
      text(
        'a part that starts with xn-- is not a valid encoding: enter the name as it reads',
        '以 xn-- 开头的部分编码无效，请按原样填写域名',
      ),
    )
  }
  return decoded
}

function tryDecode(encoded: string): string | null {
  try {
    return decodePunycode(encoded)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

function refuse(raw: string, advice: Bilingual): never {
  throw new BadDomain(toShown(raw), advice)
}

function toShown(raw: string): string {
  return raw.length > MAX_SHOWN ? `${raw.slice(0, MAX_SHOWN)}…` : raw
}
