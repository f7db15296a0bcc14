/**
 * Why a CSR cannot be used and what to do, for who brought it: in both languages, beside the field.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import type { PkiError } from '@evercert/pki'
import { AppError } from '../domain/errors.ts'

const text = (en: string, zh: string): Bilingual => ({ en, zh })

const UNREADABLE = text(
  'It cannot be read: paste the complete request, from BEGIN to END CERTIFICATE REQUEST.',
  '无法读取，请粘贴完整的 CSR，包括 BEGIN 和 END CERTIFICATE REQUEST 两行。',
)

const FAULTS: Readonly<Record<NonNullable<PkiError['fault']>, Bilingual>> = {
  notOne: text(
    'Paste exactly one request: it begins with BEGIN CERTIFICATE REQUEST.',
    '请粘贴且只粘贴一份 CSR，以 BEGIN CERTIFICATE REQUEST 开头。',
  ),
  unreadable: UNREADABLE,
  weakDigest: text(
    'It is signed with a weak digest: make it again with SHA-256 (openssl req -sha256).',
    '签名使用的摘要算法强度不足，请用 SHA-256 重新生成（openssl req -sha256）。',
  ),
  wrongSignature: text(
    'Its signature does not fit its key: it was changed. Make a new one.',
    '签名与公钥不符，内容可能被改动过，请重新生成。',
  ),
}

const WEAK_KEY = text(
  'Its key cannot be certified: use RSA of at least 2048 bits, P-256 or P-384.',
  '密钥不符合要求，请使用 RSA 2048 位及以上、P-256 或 P-384。',
)

/** A CSR that cannot be used, with what to do about it in `facts.adviceEn` and `facts.adviceZh`. */
export function badCsr(detail: string, advice: Bilingual, facts: AppError['facts'] = {}, cause?: unknown): AppError {
  return new AppError('badCsr', detail, { facts: { ...facts, adviceEn: advice.en, adviceZh: advice.zh }, cause })
}

export function badCsrOf(error: PkiError): AppError {
  const advice = error.fault === null ? (error.code === 'weakKey' ? WEAK_KEY : UNREADABLE) : FAULTS[error.fault]
  return badCsr(error.message, advice, {}, error)
}

export function csrOfAnotherOrder(): AppError {
  return badCsr(
    'Reading the CSR: its public key was used in another order: make a CSR with a new key.',
    text('Its key was used in another order: make a CSR with a new key.', '其公钥已用于其他订单，请用新密钥重新生成 CSR。'),
  )
}

export function csrOfSameKey(name: string, same: { readonly id: string; readonly name: string }): AppError {
  return badCsr(
    `Storing the CSR ${name}: its public key is that of ${same.name} (${same.id}): use a new key.`,
    text(`Its key is that of ${same.name}: use a new key.`, `其公钥与“${same.name}”相同，请使用新的密钥。`),
    { csrId: same.id },
  )
}

export function csrOfOtherCommonName(commonName: string): AppError {
  return badCsr(
    `Reading the CSR: its common name ${commonName} is not among the domains: make one whose common name is, or that has none.`,
    text(
      `Its common name ${commonName} is not among the domains: make one whose common name is, or that has none.`,
      `其通用名称 ${commonName} 不在所填域名中，请重新生成，通用名称须为所填域名之一或留空。`,
    ),
  )
}

export function csrOfOtherNames(missing: readonly string[], extra: readonly string[]): AppError {
  const faultsEn = [
    ...(missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`has ${extra.join(', ')} too many`] : []),
  ]
  const faultsZh = [
    ...(missing.length > 0 ? [`缺少 ${missing.join('、')}`] : []),
    ...(extra.length > 0 ? [`多出 ${extra.join('、')}`] : []),
  ]
  return badCsr(
    `Reading the CSR: it lacks ${missing.join(', ') || 'nothing'} and has ${extra.join(', ') || 'nothing'} too many: make one for exactly the domains.`,
    text(
      `It ${faultsEn.join(' and ')}: make one for exactly the domains.`,
      `其域名与所填域名不一致：${faultsZh.join('，')}。请按所填域名重新生成。`,
    ),
  )
}
