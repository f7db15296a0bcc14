/**
 * Why and when a certificate was revoked, by whose word, for people.
 *
 * @module
 */
import { REASON_WORDS_ZH } from '../revocation/reason-words-zh.ts'
import type { RevokedFacts } from './verdict.ts'

const REASONS_ZH: Readonly<Record<string, string>> = REASON_WORDS_ZH
const SOURCES: Readonly<Record<string, { readonly en: string; readonly zh: string }>> = {
  crl: { en: 'as its revocation list says', zh: '依据 CA 的吊销列表（CRL）' },
  ocsp: { en: 'as its OCSP responder says', zh: '依据 CA 的 OCSP 应答' },
  staple: { en: 'as the OCSP response says that the server itself sends', zh: '依据服务器附带的 OCSP 应答（stapling）' },
}

/** To be put behind "has revoked"; empty when nothing is known. */
export function revokedCause(facts: RevokedFacts | null): { readonly en: string; readonly zh: string } {
  if (facts === null) return { en: '', zh: '' }
  const { at, reason, source, url = null } = facts
  const when = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const by = SOURCES[source ?? '']
  const where = url === null || source === 'staple' ? '' : ` (${url})`
  return {
    en: ` (${reason}, ${when}${by === undefined ? '' : `, ${by.en}${where}`})`,
    zh: `（${REASONS_ZH[reason] ?? reason}，${when}${by === undefined ? '' : `，${by.zh}${where}`}）`,
  }
}
