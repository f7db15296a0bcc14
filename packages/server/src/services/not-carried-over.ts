/**
 * What an uploaded certificate has and its renewal here will not have: IP addresses, which no product covers.
 *
 * @module
 */
import type { QuoteView } from '@evercert/contract'
import { parseChain, PkiError } from '@evercert/pki'
import type { CertificateRecord } from '../db/certificates.ts'
import type { Db } from '../db/connect.ts'

/** Null while nothing is issued. */
export async function loadChain(db: Db, { issuance, accountId }: CertificateRecord): Promise<string | null> {
  if (issuance === null) return null
  const row = await db
    .selectFrom('issuance')
    .select('chain_pem')
    .where('id', '=', issuance.id)
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  return row?.chain_pem ?? null
}

/** What is bought here has none: its names are those of its application. */
export function ipAddressesOf({ facts }: CertificateRecord, chainPem: string | null): string[] {
  if (facts.origin !== 'uploaded' || chainPem === null) return []
  try {
    return [...(parseChain(chainPem)[0]?.ipAddresses ?? [])]
  } catch (error) {
    if (error instanceof PkiError) return [] // it says elsewhere that it cannot be read
    throw error
  }
}

/** Said before it is paid. @param old what is renewed; null for a new purchase */
export async function findNotCarriedOver(db: Db, old: CertificateRecord | null): Promise<QuoteView['notCarriedOver']> {
  if (old === null || old.facts.origin !== 'uploaded') return null
  const values = ipAddressesOf(old, await loadChain(db, old))
  if (values.length === 0) return null
  return {
    code: 'ipAddresses',
    values,
    text: {
      en: `The new certificate will not have the IP addresses of the old one (${values.join(', ')}): no product covers any. Clients that connect by address need another certificate.`,
      zh: `新证书不包含旧证书中的 IP 地址（${values.join('、')}）：在售产品均不支持 IP 地址。直接以 IP 地址访问的客户端需要其他证书。`,
    },
  }
}
