/**
 * What a source of certificates gives: pairs to upload, and what was left out and why. Every source and every estate of another tool
 * speaks only this.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'

/** A certificate with its chain and key, as PEM. */
export interface Found {
  readonly kind: 'found'
  /** Where it was, for the report. */
  readonly origin: string
  /** What the other tool calls it, or its first domain. */
  readonly name: string
  /** Leaf first, then intermediates. */
  readonly certificatePem: string
  readonly privateKeyPem: string
  /** Of a tool that renews under one name; absent: it stands alone. */
  readonly lineage?: Lineage
}

/** What the tool had under the name before. */
export interface Lineage {
  /** Still valid, oldest first. */
  readonly earlier: readonly Found[]
  /** The leaf before these, which has expired; null when there is none. */
  readonly expiredSha256: string | null
}

/** Of a tool that keeps the current generation alone. */
export const CURRENT_ALONE: Lineage = { earlier: [], expiredSha256: null }

export type SkipCode =
  | 'superseded'
  | 'incomplete'
  | 'unreadable'
  | 'noKey'
  | 'noCertificate'
  | 'notPem'
  | 'damaged'
  | 'encrypted'
  | 'tooLarge'
  | 'link'
  | 'unsafePath'
  | 'certificateAuthority'
  | 'givenBefore'

/** Something that looked like a certificate or key and is not uploaded. */
export interface Skipped {
  readonly kind: 'skipped'
  readonly origin: string
  readonly code: SkipCode
  readonly reason: Bilingual
}

export type Item = Found | Skipped

const REASONS: Readonly<Record<SkipCode, Bilingual>> = {
  superseded: {
    en: 'Another generation takes its place: it has expired, is not in use, or the one after it is here already.',
    zh: '已被其他版本取代：该版本已过期、未被使用，或其后续版本已导入。',
  },
  incomplete: { en: 'Certificate or key is missing beside it.', zh: '缺少对应的证书或私钥文件。' },
  unreadable: {
    en: 'It cannot be read: check its permissions and that it is a file.',
    zh: '无法读取：请检查权限，并确认其为文件。',
  },
  noKey: {
    en: 'No private key for it was found: put its key beside it.',
    zh: '未找到与之匹配的私钥：请将私钥放在同一目录或压缩包中。',
  },
  noCertificate: { en: 'A private key without its certificate.', zh: '只有私钥，没有对应的证书。' },
  notPem: {
    en: 'It is not PEM: convert it (openssl pkcs12 -in file -nodes, or openssl x509 -inform der).',
    zh: '不是 PEM 格式：请先转换（openssl pkcs12 -in 文件 -nodes，或 openssl x509 -inform der）。',
  },
  damaged: { en: 'Its PEM is damaged: copy the whole file again.', zh: 'PEM 内容已损坏：请重新复制完整文件。' },
  encrypted: { en: 'It is encrypted: remove its passphrase first.', zh: '已加密：请先去除密码。' },
  tooLarge: { en: 'It is larger than any certificate or key (256 KiB).', zh: '文件超过证书或私钥的大小上限（256 KiB）。' },
  link: { en: 'A link that leads elsewhere: links are not followed.', zh: '指向别处的链接：不会跟随链接。' },
  unsafePath: { en: 'Its path leads outside of the archive.', zh: '其路径指向压缩包之外。' },
  certificateAuthority: {
    en: 'A CA of its own: only server certificates are imported.',
    zh: '属于 CA 自身：仅导入服务器证书。',
  },
  givenBefore: { en: 'Its certificate is already given by another file.', zh: '其中的证书已由其他文件提供。' },
}

/** By leaving these out nothing is lost. */
const HARMLESS: ReadonlySet<SkipCode> = new Set(['superseded', 'certificateAuthority', 'noCertificate', 'givenBefore'])

/** Whether a certificate may be missing because this was left out. */
export function isLoss({ code }: Skipped): boolean {
  return !HARMLESS.has(code)
}

export function skipped(origin: string, code: SkipCode): Skipped {
  return { kind: 'skipped', origin, code, reason: REASONS[code] }
}

/** A further file of one certificate. @param by the file that is uploaded */
export function givenBefore(origin: string, by: string): Skipped {
  const reason = { en: `Its certificate is already given by ${by}.`, zh: `其中的证书已由 ${by} 提供。` }
  return { ...skipped(origin, 'givenBefore'), reason }
}
