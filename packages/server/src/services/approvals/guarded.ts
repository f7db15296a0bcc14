/**
 * The operations that may need a second person: what each one asks in figures that can be compared later, and how it is done.
 *
 * @module
 */
import { z } from 'zod'
import { accountRules, keyFormat, money, revocationReason, type AccountRules, type ApprovalKind } from '@evercert/contract'
import type { ApprovalFacts } from '../../db/approval-tables.ts'
import type { Trx } from '../../db/transition.ts'
import { decideRevocation } from '../../domain/certificate/decide-ending.ts'
import { isLooser, isOverLimit } from '../../domain/approval/rules.ts'
import { formatMoney, requireCurrency } from '../../domain/payment/money.ts'
import type { Caller, Services } from '../context.ts'
import { describeKey } from '../downloads.ts'
import { lockCertificate, refuseUnlessAllowed } from '../ending-facts.ts'
import { refuseIfOldEnded } from '../fulfil-order.ts'
import { lockManageable, manageIn } from '../management.ts'
import { loadOrder } from '../read-orders.ts'
import { payOrder } from '../payments.ts'
import { revokeIn } from '../revocations.ts'
import { loadRules, setRules } from './rules.ts'

/** What an operation asks, as it is now. */
export interface Asked {
  readonly certificateId: string | null
  /** For people. */
  readonly subject: string
  readonly facts: ApprovalFacts
  readonly needsSecondPerson: boolean
}

interface Surroundings {
  readonly services: Services
  readonly trx: Trx
  readonly caller: Caller
  readonly rules: AccountRules
}

interface Guarded {
  readonly kind: ApprovalKind
  /** @throws AppError what the operation itself would throw, so that nothing is asked that could not be done */
  describe(input: unknown, around: Surroundings): Promise<Asked>
  /** Does it in the transaction of the approval; null when only who asked can take what it gives. */
  perform(
    input: unknown,
    around: { readonly services: Services; readonly trx: Trx; readonly caller: Caller },
  ): Promise<unknown> | null
}

const payment = z.object({ id: z.string(), method: z.string() })
const revocation = z.object({ id: z.string(), reason: revocationReason })
const keyDownload = z.object({ id: z.string(), format: keyFormat })
const management = z.object({ id: z.string(), spendingLimit: money })

export const GUARDED = {
  'orders.pay': {
    kind: 'spending',
    describe: async (input, { services, trx, caller, rules }) => {
      const { id, method } = payment.parse(input)
      const order = await loadOrder(trx, caller, id)
      if (order.state === 'placed') await refuseIfOldEnded(services, trx, order)
      const begun = { orderId: id, connectionId: method, now: services.now() }
      const isOpen = order.state === 'placed' && (method === 'balance' || !(await hasOpenPayment(trx, caller, begun)))
      return {
        certificateId: order.renewsCertificateId,
        subject: order.productId,
        facts: {
          order: id,
          state: order.state,
          product: order.productId,
          price: formatMoney(order.price),
          renews: order.renewsCertificateId,
          method,
        },
        needsSecondPerson: isOpen && isOverLimit(rules, order.price),
      }
    },
    perform: (input, { services, trx, caller }) => {
      const { id, method } = payment.parse(input)
      return method === 'balance' ? payOrder(services, trx, caller, id) : null
    },
  },
  'management.start': {
    kind: 'spending',
    describe: async (input, { services, trx, caller, rules }) => {
      const { id, spendingLimit } = management.parse(input)
      requireCurrency(spendingLimit.currency, `Managing ${id}`)
      const { name, management: present } = (await lockManageable(services, trx, caller, id)).record
      const isRaised =
        present === null || present.currency !== spendingLimit.currency || spendingLimit.amountMinor > present.limitMinor
      return {
        certificateId: id,
        subject: name,
        facts: { certificate: id, name, eachRenewalAtMost: formatMoney(spendingLimit) },
        needsSecondPerson: isRaised && isOverLimit(rules, spendingLimit),
      }
    },
    perform: (input, { services, trx, caller }) => {
      const { id, spendingLimit } = management.parse(input)
      return manageIn(services, trx, caller, { id, limit: spendingLimit })
    },
  },
  'certificates.revoke': {
    kind: 'revocation',
    describe: async (input, { services, trx, caller, rules }) => {
      const { id, reason } = revocation.parse(input)
      const { record, facts } = await lockCertificate(services, trx, caller, id)
      const decision = decideRevocation(facts)
      refuseUnlessAllowed('Revoking', record, decision)
      const { name, issuance } = record
      return {
        certificateId: id,
        subject: name,
        facts: { certificate: id, name, sha256: issuance?.sha256 ?? null, reason },
        needsSecondPerson: rules.revocation && !decision.done,
      }
    },
    perform: (input, { services, trx, caller }) => revokeIn(services, trx, caller, revocation.parse(input)),
  },
  'downloads.withKey': {
    kind: 'keyDownload',
    describe: async (input, { services, trx, caller, rules }) => {
      const { id, format } = keyDownload.parse(input)
      const { name, sha256, keyId } = await describeKey(services, trx, caller, id, format)
      return {
        certificateId: id,
        subject: name,
        facts: { certificate: id, name, sha256, key: keyId, format },
        needsSecondPerson: rules.keyDownload,
      }
    },
    perform: () => null,
  },
  'rules.set': {
    kind: 'rules',
    describe: async (input, { rules: before }) => {
      const after = accountRules.parse(input)
      for (const { currency } of after.spendingLimits ?? []) requireCurrency(currency, 'Changing the rules')
      return {
        certificateId: null,
        subject: 'account',
        facts: { ...told('before', before), ...told('after', after) },
        needsSecondPerson: isLooser(before, after),
      }
    },
    perform: (input, { services, trx, caller }) => setRules(services, trx, caller, accountRules.parse(input)),
  },
} as const satisfies Readonly<Record<string, Guarded>>

export type GuardedOperation = keyof typeof GUARDED

export function isGuarded(operation: string): operation is GuardedOperation {
  return operation in GUARDED
}

/** What an operation asks, and whether the rules of the account want a second person for it now. */
export async function describe(
  services: Services,
  trx: Trx,
  caller: Caller,
  { operation, input }: { readonly operation: GuardedOperation; readonly input: unknown },
): Promise<Asked> {
  const rules = await loadRules(trx, caller.accountId)
  return GUARDED[operation].describe(input, { services, trx, caller, rules })
}

/** The provider was asked already: the payer is sent to the same page again. One whose time is over makes way for another. */
async function hasOpenPayment(
  trx: Trx,
  caller: Caller,
  { orderId, connectionId, now }: { readonly orderId: string; readonly connectionId: string; readonly now: number },
): Promise<boolean> {
  const row = await trx
    .selectFrom('payment')
    .select('id')
    .where('account_id', '=', caller.accountId)
    .where('order_id', '=', orderId)
    .where('connection_id', '=', connectionId)
    .where('state', '=', 'created')
    .where('expires_at', '>', new Date(now))
    .executeTakeFirst()
  return row !== undefined
}

function told(when: 'before' | 'after', rules: AccountRules): ApprovalFacts {
  const limits = rules.spendingLimits?.map((limit) => formatMoney(limit)).join(', ') ?? null
  return {
    [`${when}SpendingLimits`]: limits,
    [`${when}Revocation`]: rules.revocation,
    [`${when}KeyDownload`]: rules.keyDownload,
    [`${when}TokensMayDownloadKeys`]: rules.tokensMayDownloadKeys,
  }
}
