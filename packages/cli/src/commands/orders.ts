/**
 * `evercert orders`: what was bought, newest first.
 *
 * @module
 */
import type { OrderView } from '@evercert/contract'
import { formatInstant, formatMoney } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import { showPage } from '../list-command.ts'
import type { Session } from '../session.ts'
import { formatSpecification } from './show.ts'
import { wordFor } from '../words.ts'

const PAGE_SIZE = 100

export interface OrdersOptions {
  readonly cancel?: string
}

export async function ordersCommand(session: Session, options: OrdersOptions): Promise<number> {
  const client = await session.client()
  if (options.cancel !== undefined) {
    const order = await client.orders.cancel({ id: options.cancel })
    session.document(order)
    session.print(...formatOrders(session, [order]))
    return 0
  }
  const page = await client.orders.list({ limit: PAGE_SIZE })
  return showPage(session, page, { format: formatOrders, none: ['No order.', '没有订单。'] })
}

function formatOrders(session: Session, orders: readonly OrderView[]): string[] {
  const { say, paint, columns, language } = session
  const header = [
    say('PLACED', '下单时间'),
    say('KIND', '类型'),
    say('STATE', '状态'),
    say('SPECIFICATION', '规格'),
    say('YEARS', '年限'),
    say('PRICE', '价格'),
    say('CERTIFICATE', '证书'),
    say('ID', '编号'),
  ]
  const kinds = { new: say('new', '新购'), renewal: say('renewal', '续费') }
  const rows = orders.map((order) => [
    { text: formatInstant(order.placedAt) },
    { text: kinds[order.kind] },
    { text: wordFor('order', order.state, language), colour: order.state === 'paid' ? ('green' as const) : undefined },
    { text: formatSpecification(session, order.specification) },
    { text: String(order.termYears) },
    { text: formatMoney(order.price) },
    { text: order.certificateId ?? '–' },
    { text: order.id, colour: 'dim' as const },
  ])
  const waiting = orders.filter(({ state }) => state === 'placed')
  return [
    ...formatTable(header, rows, { paint, columns, shrink: 3 }),
    ...waiting.map(({ id, nextStep }) => `${paint('yellow', '■')} ${id}: ${clean(nextStep.text[language])}`),
  ]
}
