/**
 * What is said in advance of managed certificates: why one will not be renewed by itself, as things are now, and what a person has to do.
 *
 * @module
 */
import type { CertificateRecord } from '../db/certificates.ts'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import type { Services } from './context.ts'
import type { Foreseen } from './management-view.ts'
import { formatInstant } from './texts.ts'

/** By the id of the certificate; those of which nothing is foreseen are not there. */
export async function foreseeManaged(
  _services: Services,
  _db: Db | Trx,
  records: readonly CertificateRecord[],
): Promise<ReadonlyMap<string, Foreseen>> {
  return new Map(
    records.flatMap((record) => {
      const foreseen = endOf(record)
      return foreseen === null ? [] : [[record.id, foreseen] as const]
    }),
  )
}

/** Of a brand that is not renewed: it is reissued within the period paid for, and then over. */
function endOf({ management, facts, entitlement }: CertificateRecord): Foreseen | null {
  if (management === null || entitlement === null || facts.brandSupportsRenewal !== false) return null
  const until = formatInstant(entitlement.entitledUntil)
  return {
    code: 'renewalBrandUnsupported',
    text: {
      en: `It is not renewed when the period paid for ends on ${until}: the brand "${facts.brand}" does not support renewal. Buy a new certificate before then.`,
      zh: `服务期于 ${until} 结束后不会自动续费：品牌“${facts.brand}”不支持续费。请在此之前新购证书。`,
    },
  }
}
