/**
 * What the API shows of products, quotes, orders and the balance.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { instant, id, bilingual, money, nextStepView, specification, specificationAttribute } from './views.ts'

export const productPrice = z.object({ termYears: z.int(), base: money, includedDomains: z.int(), extraDomain: money })

export const productView = z.object({
  id,
  title: bilingual,
  specification,
  brandTitle: bilingual,
  issuerId: id,
  issuerTitle: z.string(),
  supportsRenewal: z.boolean(),
  validityRule: z.enum(['public', 'private']),
  prices: z.array(productPrice).meta({ description: 'One for each term and currency; the first of a term is its default' }),
  retiredAt: instant.nullable().meta({ description: 'Since when it is not sold any more; null: it is' }),
  issuerRetiredAt: instant.nullable().meta({ description: 'Since when its issuer takes no orders' }),
})
export type ProductView = z.infer<typeof productView>

/** What a promotion takes off a price. */
export const discountView = z.object({
  promotionId: id,
  title: bilingual,
  percent: z.int().nullable().meta({ description: 'null: a fixed amount' }),
  amount: money,
})

export const orderRequest = z.strictObject({
  renewsCertificateId: id
    .optional()
    .meta({ description: 'Renews this certificate; everything else defaults to its old configuration' }),
  productId: id.optional(),
  domainCount: z.int().min(1).max(250).optional(),
  termYears: z.int().min(1).max(3).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional()
    .meta({ description: "Default: the first of the product's in which the account has a balance, else the product's first" }),
  promotionCode: line(32).optional(),
  expectedAmountMinor: z.int().min(0).optional().meta({
    description:
      'The price that was quoted: another one refuses the order, and is told. Without it the order is placed at the price of the moment',
  }),
})
export type OrderRequest = z.infer<typeof orderRequest>

export const topUpView = z.object({
  granted: z.boolean(),
  days: z.int().meta({ description: 'Days topped up if the certificate were issued now' }),
  entitledUntil: instant,
  certificateUntil: instant,
  shortfallDays: z.int(),
  lostDays: z.int(),
  explanation: bilingual,
})
export type TopUpView = z.infer<typeof topUpView>

export const notCarriedOver = z
  .object({ code: z.enum(['ipAddresses']), values: z.array(z.string()), text: bilingual })
  .nullable()
  .meta({ description: 'What the old certificate has and the new one will not have, whatever is bought; null: nothing' })

export const quoteView = z.object({
  kind: z.enum(['new', 'renewal']),
  productId: id,
  specification,
  domainCount: z.int(),
  termYears: z.int(),
  price: money,
  listPrice: money.meta({ description: 'Before the discount' }),
  discount: discountView.nullable(),
  currencies: z.array(z.string()).meta({ description: 'What the term is sold in, the default first' }),
  sameSpecification: z.boolean(),
  changed: z.array(specificationAttribute),
  unknown: z
    .array(specificationAttribute)
    .meta({ description: 'Attributes that the old certificate does not tell: neither a match nor a mismatch' }),
  comparison: bilingual
    .nullable()
    .meta({ description: 'What matches, what differs and what that means; null for a new purchase' }),
  notCarriedOver,
  topUp: topUpView,
  estimate: bilingual,
})
export type QuoteView = z.infer<typeof quoteView>

export const orderView = z.object({
  id,
  kind: z.enum(['new', 'renewal']),
  state: z.enum(['placed', 'paid', 'cancelled', 'expired', 'refunded']),
  productId: id,
  specification,
  domainCount: z.int(),
  termYears: z.int(),
  price: money.meta({ description: 'What is paid' }),
  listPrice: money,
  discount: discountView.nullable().meta({ description: 'As it was when the order was placed' }),
  renewsCertificateId: id.nullable(),
  certificateId: id.nullable(),
  placedAt: instant,
  paidAt: instant.nullable(),
  nextStep: nextStepView,
})
export type OrderView = z.infer<typeof orderView>

export const orderDetail = orderView.extend({
  offer: z
    .object({
      renewsName: z.string().nullable().meta({ description: 'Of the certificate that is renewed; null for a new purchase' }),
      names: z.array(z.string()).meta({ description: 'Its domain names; none for a new purchase: its application says them' }),
      notCarriedOver,
      topUp: topUpView,
      estimate: bilingual,
    })
    .nullable()
    .meta({ description: 'What paying gets, were the certificate issued now; null when it is not to be paid any more' }),
})
export type OrderDetail = z.infer<typeof orderDetail>

export const ledgerLine = z.object({
  id,
  kind: z.enum(['topUp', 'payment', 'refund', 'receipt', 'settlement', 'credit']),
  amount: money,
  orderId: id.nullable(),
  note: z.string().nullable(),
  at: instant,
})

export const balanceView = z.object({ balances: z.array(money), entries: z.array(ledgerLine) })
export type BalanceView = z.infer<typeof balanceView>
