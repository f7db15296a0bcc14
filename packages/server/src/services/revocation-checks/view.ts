/**
 * What the CA says of a certificate, as the API shows it, with why nobody knows.
 *
 * @module
 */
import type { Bilingual, RevocationCheckView, RevocationUnknown } from '@evercert/contract'
import type { Selectable } from 'kysely'
import type { RevocationCheckTable } from '../../db/revocation-tables.ts'
import type { Services } from '../context.ts'

const COLUMNS = [
  'state',
  'source',
  'url',
  'checked_at',
  'next_at',
  'next_update',
  'revoked_at',
  'reason',
  'problem_code',
  'problem',
  'acted_at',
] as const

type Row = Pick<Selectable<RevocationCheckTable>, (typeof COLUMNS)[number]>

/** @param sha256 of the leaf; null while nothing is issued */
export async function loadRevocationCheck(
  services: Services,
  accountId: string,
  sha256: string | null,
): Promise<RevocationCheckView | null> {
  if (sha256 === null) return null
  const row = await services.db
    .selectFrom('revocation_check')
    .select(COLUMNS)
    .where('account_id', '=', accountId)
    .where('sha256', '=', sha256)
    .executeTakeFirst()
  return toView(row ?? { ...NOTHING, problem_code: await whyNoted(services, accountId, sha256) }, services)
}

/** Why nothing is noted of it: its turn comes, or nobody could read it. */
async function whyNoted({ db, now }: Services, accountId: string, sha256: string): Promise<RevocationUnknown> {
  const row = await db
    .selectFrom('issuance')
    .select('id')
    .where('account_id', '=', accountId)
    .where('sha256', '=', sha256)
    .where('revocation_noted', '=', true)
    .where('not_after', '>', new Date(now()))
    .executeTakeFirst()
  return row === undefined ? 'notAskedYet' : 'chainUnreadable'
}

const NOTHING: Omit<Row, 'problem_code'> = {
  state: 'unknown',
  source: null,
  url: null,
  checked_at: null,
  next_at: null,
  next_update: null,
  revoked_at: null,
  reason: null,
  problem: null,
  acted_at: null,
}

function toView(row: Row, { now, probing }: Pick<Services, 'now' | 'probing'>): RevocationCheckView {
  const isOff = probing.revocationIntervalMs === null
  // Between two rounds an answer may end.
  const isOver = row.state === 'good' && (row.next_update?.getTime() ?? 0) <= now()
  const state = isOver ? 'unknown' : row.state
  const code = isOff && state !== 'revoked' ? 'switchedOff' : (row.problem_code ?? (isOver ? 'stale' : null))
  return {
    state,
    source: row.source,
    url: row.url,
    checkedAt: toIso(row.checked_at),
    nextCheckAt: isOff || row.acted_at !== null ? null : toIso(row.next_at),
    validUntil: toIso(row.next_update),
    revokedAt: toIso(row.revoked_at),
    reason: row.reason,
    problem: code === null ? null : { code, detail: row.problem, ...UNKNOWN_TEXTS[code] },
  }
}

function toIso(at: Date | null): string | null {
  return at?.toISOString() ?? null
}

const LATER = { en: 'It is asked again by itself.', zh: '系统会自动重试。' }
const TELL_CA = {
  en: 'It is asked again by itself; if it stays so, tell the CA.',
  zh: '系统会自动重试；如持续如此，请联系 CA。',
}

const UNKNOWN_TEXTS: Readonly<Record<RevocationUnknown, { readonly cause: Bilingual; readonly remedy: Bilingual }>> = {
  notAskedYet: { cause: { en: 'The CA was not asked yet.', zh: '尚未向 CA 查询。' }, remedy: LATER },
  chainUnreadable: {
    cause: { en: 'The stored chain cannot be read.', zh: '已保存的证书链无法解析。' },
    remedy: { en: 'Upload the certificate again, with its chain.', zh: '请重新上传证书及其证书链。' },
  },
  switchedOff: {
    cause: { en: 'This installation asks no CA.', zh: '本系统未启用吊销查询。' },
    remedy: { en: 'The operator sets EVERCERT_REVOCATION_HOURS.', zh: '请管理员设置 EVERCERT_REVOCATION_HOURS。' },
  },
  noAddress: {
    cause: {
      en: 'The certificate names neither a revocation list nor an OCSP responder.',
      zh: '证书中没有吊销列表（CRL）地址，也没有 OCSP 地址。',
    },
    remedy: { en: 'Nothing to do: nobody can know.', zh: '无需处理：无从查询。' },
  },
  issuerUnknown: {
    cause: {
      en: 'The certificate of the issuer is not known, so that no statement of the CA can be checked.',
      zh: '缺少签发者证书，无法验证 CA 的声明。',
    },
    remedy: {
      en: 'Upload the certificate with its chain, or install the chain at the endpoint.',
      zh: '请上传包含证书链的证书，或在站点安装完整证书链。',
    },
  },
  addressForbidden: {
    cause: { en: 'The address is not public, and not allowed here.', zh: '该地址不是公网地址，且未被放行。' },
    remedy: {
      en: 'If it is meant, the operator allows its range with EVERCERT_ALLOW_ADDRESSES.',
      zh: '如确需访问，请管理员通过 EVERCERT_ALLOW_ADDRESSES 放行该网段。',
    },
  },
  unreachable: {
    cause: { en: 'The CA did not answer.', zh: 'CA 没有应答。' },
    remedy: {
      en: 'Check that this machine reaches the address; it is asked again by itself.',
      zh: '请检查本机能否访问该地址；系统会自动重试。',
    },
  },
  tooLarge: {
    cause: { en: 'The revocation list is larger than is read here (16 MiB).', zh: '吊销列表超过可读取的大小（16 MiB）。' },
    remedy: { en: 'Ask the CA for divided lists.', zh: '请向 CA 索取分片的吊销列表。' },
  },
  malformed: { cause: { en: 'What the CA answered cannot be read.', zh: 'CA 的应答无法解析。' }, remedy: TELL_CA },
  badSignature: {
    cause: {
      en: 'What was answered is not signed by the CA: it is not believed.',
      zh: '应答不是由 CA 签名的，不予采信。',
    },
    remedy: TELL_CA,
  },
  stale: {
    cause: {
      en: 'The last answer of the CA has ended, or is older than what it said before.',
      zh: 'CA 最近一次的应答已过有效期，或早于此前的应答。',
    },
    remedy: TELL_CA,
  },
  notCovered: { cause: { en: 'What was answered is about other certificates.', zh: '应答针对的是其他证书。' }, remedy: TELL_CA },
  notAnswered: {
    cause: { en: 'The OCSP responder does not know the certificate, or refuses.', zh: 'OCSP 服务不认识该证书，或拒绝应答。' },
    remedy: TELL_CA,
  },
}
