/**
 * What is said in advance of managed certificates: why one will not be renewed by itself, as things are now, and what a person has to do.
 *
 * @module
 */
import { PROBLEM_TEXTS } from '@evercert/contract'
import type { CertificateRecord } from '../db/certificates.ts'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { isWithinLimit } from '../domain/managed/decide-managed.ts'
import { formatMoney, type Money } from '../domain/payment/money.ts'
import type { Services } from './context.ts'
import { draftFor } from './draft-order.ts'
import { nextManaged, type Foreseen } from './management-view.ts'
import { formatInstant } from './texts.ts'

/** By the id of the certificate; those of which nothing is foreseen are not there. */
export async function foreseeManaged(
  services: Pick<Services, 'now' | 'policy'>,
  db: Db | Trx,
  records: readonly CertificateRecord[],
): Promise<ReadonlyMap<string, Foreseen>> {
  const found = new Map<string, Foreseen>()
  const byPurchase = new Map<string, Foreseen | null>() // what is renewed alike is looked up once
  for (const record of records) {
    const foreseen = endOf(record) ?? (await foreseeRenewal(services, db, record, byPurchase))
    if (foreseen !== null) found.set(record.id, foreseen)
  }
  return found
}

async function foreseeRenewal(
  services: Pick<Services, 'now' | 'policy'>,
  db: Db | Trx,
  record: CertificateRecord,
  byPurchase: Map<string, Foreseen | null>,
): Promise<Foreseen | null> {
  const { management, accountId, productId, domainCount, termYears } = record
  if (management === null || nextManaged(services, record, management)?.action !== 'renew') return null
  const limit = { amountMinor: management.limitMinor, currency: management.currency }
  const purchase = JSON.stringify([accountId, productId, domainCount, termYears, limit])
  const known = byPurchase.get(purchase)
  if (known !== undefined) return known
  const foreseen = await refusalNow(services, db, record, limit)
  byPurchase.set(purchase, foreseen)
  return foreseen
}

/** What its renewal would be refused with if it were bought now, as the act itself decides it. */
async function refusalNow(
  services: Pick<Services, 'now'>,
  db: Db | Trx,
  old: CertificateRecord,
  limit: Money,
): Promise<Foreseen | null> {
  try {
    const wish = { request: { renewsCertificateId: old.id }, preferredCurrency: limit.currency }
    const { amountMinor, currency } = await draftFor(services, db, { accountId: old.accountId, old }, wish)
    const price = { amountMinor, currency }
    return isWithinLimit(limit, price) ? null : aboveLimit(limit, price)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { cause, remedy } = PROBLEM_TEXTS[error.code]
    return { code: error.code, text: { en: `${cause.en} ${remedy.en}`, zh: `${cause.zh}${remedy.zh}` } }
  }
}

function aboveLimit(limit: Money, price: Money): Foreseen {
  return {
    code: 'spendingLimit',
    text: {
      en: `Its renewal costs ${formatMoney(price)} now, and its owner allows ${formatMoney(limit)}: raise the limit, or renew it by hand.`,
      zh: `按当前价格续费需 ${formatMoney(price, 'zh-CN')}，超出托管消费上限 ${formatMoney(limit, 'zh-CN')}：请提高上限，或手动续费。`,
    },
  }
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
