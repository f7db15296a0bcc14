/**
 * `evercert order`: shows what a product costs and places an order for it; `evercert pay` pays it.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { OrderRequest } from '@evercert/contract'
import { isConfirmed } from '../confirmation.ts'
import { wrongUsage } from '../failure.ts'
import { formatMoney } from '../format.ts'
import type { Session } from '../session.ts'
import { formatQuote, parseTerm } from './renew.ts'

export interface OrderOptions {
  readonly term?: string
  readonly domains?: string
  readonly currency?: string
  readonly code?: string
  /** Shows the offer and orders nothing. */
  readonly quote?: boolean
  readonly yes?: boolean
  readonly key?: string
}

const DECLINED = 130

export async function orderCommand(session: Session, productId: string, options: OrderOptions): Promise<number> {
  const request: OrderRequest = {
    productId,
    termYears: options.term === undefined ? 1 : parseTerm(options.term),
    ...(options.domains !== undefined && { domainCount: toCount(options.domains) }),
    ...(options.currency !== undefined && { currency: options.currency.toUpperCase() }),
    ...(options.code !== undefined && { promotionCode: options.code }),
  }
  const client = await session.client()
  const quote = await client.quotes.create(request)
  session.print(...formatQuote(session, quote))
  if (options.quote === true) {
    session.document(quote)
    return 0
  }
  const question = { en: 'Place this order?', zh: '提交该订单？' }
  if (!(await isConfirmed(session, { question, yes: options.yes === true }))) return DECLINED
  const { amountMinor, currency } = quote.price
  const order = await client.orders.place(
    { ...request, currency, expectedAmountMinor: amountMinor },
    { context: { idempotencyKey: options.key ?? randomUUID() } },
  )
  session.document(order)
  const { paint, say } = session
  session.print(
    `${paint('green', '✔')} ${say('ordered', '已下单')} ${formatMoney(order.price)}: ${order.id}`,
    say(`Then pay it: evercert pay ${order.id}`, `然后支付：evercert pay ${order.id}`),
  )
  return 0
}

/** @throws CliFailure `invalid` */
function toCount(text: string): number {
  if (/^[1-9][0-9]{0,2}$/.test(text)) return Number(text)
  throw wrongUsage('invalid', {
    en: `Reading --domains: "${text}" is no number of domains: give 1 to 250.`,
    zh: `读取 --domains：“${text}” 不是域名数，请填写 1 到 250。`,
  })
}
