/**
 * What is wrong with input that a schema refused, for who filled it in: a form shows it beside the field, in its own language. `message` of the
 * schema stays for who reads the answer of the API.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'

/** An issue of a schema as far as it is read here; parsers of other libraries have fewer facts. */
export interface Issue {
  readonly message: string
  readonly path?: readonly unknown[] | undefined
}

/** Three lists of one length, each `field.path: what is wrong`. */
export interface IssueFacts {
  readonly faults: readonly string[]
  readonly faultsEn: readonly string[]
  readonly faultsZh: readonly string[]
}

/** More than a form has fields. Who sends a megabyte of faults does not get two back. */
const MAX_FAULTS = 50
/** Of a line: what was sent may stand in it. */
const MAX_LINE = 500

/** The first {@link MAX_FAULTS}. @param whole the name of what has no path */
export function factsOfIssues(issues: readonly Issue[], whole: string): IssueFacts {
  const said = issues
    .slice(0, MAX_FAULTS)
    .map((issue) => ({ path: pathOf(issue.path, whole), message: issue.message, words: wordsOf(issue, whole) }))
  return {
    faults: said.map(({ path, message }) => clip(`${path}: ${message}`)),
    faultsEn: said.map(({ path, words }) => clip(`${path}: ${words.en}`)),
    faultsZh: said.map(({ path, words }) => clip(`${path}: ${words.zh}`)),
  }
}

function clip(line: string): string {
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE - 1).toWellFormed()}…`
}

export function pathOf(path: readonly unknown[] | undefined, whole: string): string {
  const names = (path ?? []).map((part) =>
    typeof part === 'object' && part !== null && 'key' in part ? String(part.key) : String(part),
  )
  return names.join('.') || whole
}

type Facts = Readonly<Record<string, unknown>>

const both = (en: string, zh: string): Bilingual => ({ en, zh })
const MISSING = both('Fill this in', '请填写此项')
const OTHER = both('Not in the expected form', '格式不正确')

/** Sentences that schemas of the service say of themselves. */
const OWN: Readonly<Record<string, string>> = {
  'must be one line without control characters': '须为一行文字，不能含控制字符',
  'must be a domain such as example.com': '请填写域名，例如 example.com',
  'must be one word': '不能含空格',
  'must be a time such as 22:30': '请填写时间，例如 22:30',
  'must be a country code of two capital letters': '请填写两个大写字母的国家或地区代码，例如 CN',
  'must be letters, digits, spaces, dots, hyphens, underlines and @': '只能含字母、数字、空格、点、短横线、下划线和 @',
  'lower-case letters, digits, dots, dashes': '只能含小写字母、数字、点和短横线',
  'letters, digits, dots, dashes': '只能含字母、数字、点和短横线',
  'there is no year 0': '没有公元 0 年',
  'must be PEM certificates': '请提供 PEM 格式的证书',
  'give privateKey or password': '请提供私钥或密码',
  'certificatePath and keyPath must be two files': '证书与私钥须为两个不同的文件',
  'a private key is sent by https alone': '私钥只能通过 https 发送',
  'give either certificateArn or name': '请在 certificateArn 与 name 中填写一项',
  'there is no such setting': '没有这项设置',
  'must stand once in its object': '在同一对象中只能出现一次',
  'an absolute path of a file': '请填写文件的绝对路径',
  'octal, nothing for others': '请填写八进制权限，且其他用户无任何权限，例如 0640',
  'SHA256: and 43 characters, as ssh-keygen -lf prints it': '请填写 SHA256: 加 43 个字符，与 ssh-keygen -lf 的输出一致',
  '6 to 128 ASCII characters': '须为 6 至 128 个 ASCII 字符',
  'an https URL': '请填写以 https:// 开头的网址',
  'an https URL without path': '请填写以 https:// 开头、不带路径的网址',
  'must be an http or https URL': '请填写以 http:// 或 https:// 开头的网址',
  'must be whsec_ and 24 to 64 bytes in base64': '须为 whsec_ 加 24 至 64 字节的 Base64 编码',
  'such as eu-central-1': '请填写地域，例如 eu-central-1',
  'such as ap-guangzhou': '请填写地域，例如 ap-guangzhou',
  'must look like AKIA…': '格式须如 AKIA…',
  'must look like LTAI…': '格式须如 LTAI…',
  'must look like AKID…': '格式须如 AKID…',
  'must look like 123456:ABC…': '格式须如 123456:ABC…',
  'must look like sk_live_…': '格式须如 sk_live_…',
  'must look like whsec_…': '格式须如 whsec_…',
  'arn:aws:acm:…:certificate/…': '格式须如 arn:aws:acm:…:certificate/…',
  'letters, digits and hyphens': '只能含字母、数字和短横线',
  'an accelerated domain in lower case': '请填写小写的加速域名',
  'must be a number or @name': '请填写数字或 @名称',
  'must be 1 to 12 capitals, digits or dashes': '须为 1 至 12 个大写字母、数字或短横线',
  'must be the number of the application': '请填写应用的编号（纯数字）',
}

const TYPES: Readonly<Record<string, Bilingual>> = {
  number: both('Enter a number', '请填写数字'),
  int: both('Enter a whole number', '请填写整数'),
  string: both('Enter a text', '请填写文字'),
  boolean: both('Must be yes or no', '须为是或否'),
  array: both('Must be a list', '须为列表'),
  date: both('Enter a date', '请填写日期'),
}

const FORMATS: Readonly<Record<string, Bilingual>> = {
  email: both('Enter an e-mail address', '请填写有效的邮箱地址'),
  url: both('Enter an address such as https://example.com', '请填写网址，例如 https://example.com'),
  hostname: both('Enter a host name', '请填写主机名'),
  ipv4: both('Enter an IPv4 address', '请填写 IPv4 地址'),
  ipv6: both('Enter an IPv6 address', '请填写 IPv6 地址'),
  date: both('Enter a date such as 2026-01-31', '请填写日期，例如 2026-01-31'),
  datetime: both('Enter a time such as 2026-01-31T08:00:00Z', '请填写时间，例如 2026-01-31T08:00:00Z'),
  base64: both('Must be Base64', '须为 Base64 编码'),
}

function wordsOf(issue: Issue, whole: string): Bilingual {
  const own = OWN[issue.message]
  if (own !== undefined) return both(`${issue.message.charAt(0).toUpperCase()}${issue.message.slice(1)}`, own)
  const facts = issue as unknown as Facts
  switch (facts['code']) {
    case 'invalid_type':
      return wordsOfType(issue.message, String(facts['expected']))
    case 'too_small':
      return wordsOfSmall(facts)
    case 'too_big':
      return wordsOfBig(facts)
    case 'invalid_format':
      return FORMATS[String(facts['format'])] ?? OTHER
    case 'not_multiple_of':
      return both(`Must be a multiple of ${String(facts['divisor'])}`, `须为 ${String(facts['divisor'])} 的倍数`)
    case 'unrecognized_keys':
      return whole === 'query'
        ? both(
            `There is no such query parameter: ${listOf(facts['keys'], ', ')}`,
            `没有这样的查询参数：${listOf(facts['keys'], '、')}`,
          )
        : both(`There is no such field: ${listOf(facts['keys'], ', ')}`, `没有这样的字段：${listOf(facts['keys'], '、')}`)
    case 'invalid_value':
      return both(`Must be one of: ${listOf(facts['values'], ', ')}`, `须为以下之一：${listOf(facts['values'], '、')}`)
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
      return OTHER
    default:
      return both(issue.message, `不符合要求（${issue.message}）`)
  }
}

function wordsOfType(message: string, expected: string): Bilingual {
  if (message.endsWith('received undefined') || message.endsWith('received null')) return MISSING
  return TYPES[expected] ?? OTHER
}

function wordsOfSmall({ origin, minimum, inclusive }: Facts): Bilingual {
  const least = String(minimum)
  if (origin === 'string') return least === '1' ? MISSING : both(`At least ${least} characters`, `至少 ${least} 个字符`)
  if (origin === 'array' || origin === 'set')
    return least === '1'
      ? both('At least one is needed', '至少需要一项')
      : both(`At least ${least} are needed`, `至少需要 ${least} 项`)
  return inclusive === false
    ? both(`Must be more than ${least}`, `须大于 ${least}`)
    : both(`Must be ${least} or more`, `不能小于 ${least}`)
}

function wordsOfBig({ origin, maximum, inclusive }: Facts): Bilingual {
  const most = String(maximum)
  if (origin === 'string') return both(`At most ${most} characters`, `最多 ${most} 个字符`)
  if (origin === 'array' || origin === 'set') return both(`At most ${most} are possible`, `最多 ${most} 项`)
  return inclusive === false
    ? both(`Must be less than ${most}`, `须小于 ${most}`)
    : both(`Must be ${most} or less`, `不能大于 ${most}`)
}

function listOf(values: unknown, separator: string): string {
  return Array.isArray(values) ? values.map(String).join(separator) : String(values)
}
