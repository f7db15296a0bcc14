/**
 * `evercert pay` and `evercert payments`: paying an order, and how payments stand.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { PaymentView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { wrongUsage } from '../failure.ts'
import { formatInstant, formatMoney } from '../format.ts'
import type { Language } from '../language.ts'
import { formatTable, type Colour } from '../output.ts'
import { parseMoney } from '../parse-money.ts'
import { showPage } from '../list-command.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'

export interface PayOptions {
  readonly method?: string
}

/** Repeated, it pays nothing twice: a paid order is shown as paid, and an open payment is the same one. */
export async function payCommand(session: Session, orderId: string, options: PayOptions): Promise<number> {
  const client = await session.client()
  const context = { idempotencyKey: randomUUID() }
  const answer = await client.orders.pay({ id: orderId, method: options.method ?? 'balance' }, { context })
  session.document(answer)
  const { paymentPending: pending } = answer
  const { say, paint } = session
  if (pending === null) {
    const certificate = answer.certificateId ?? '–'
    session.print(`${paint('green', '✔')} ${say('paid', '已支付')} ${formatMoney(answer.price)}: ${certificate}`)
    if (answer.certificateId !== null)
      session.print(
        say(`Then submit its application: evercert apply ${certificate}`, `然后提交证书申请：evercert apply ${certificate}`),
      )
    return 0
  }
  session.print(...formatPlace(session, pending))
  return 0
}

function formatPlace({ say }: Session, { id, amount, place, expiresAt }: PaymentView): string[] {
  const until = formatInstant(expiresAt)
  if (place?.kind === 'invoice') {
    return [
      say(
        `Transfer ${formatMoney(amount)} by ${until}, naming ${place.number}.`,
        `请在 ${until} 前转账 ${formatMoney(amount)}，并注明 ${place.number}。`,
      ),
      place.instructions,
    ]
  }
  return [
    say(`Pay ${formatMoney(amount)} by ${until} here:`, `请在 ${until} 前前往以下页面支付 ${formatMoney(amount)}：`),
    place?.url ?? '–',
    say(`Then see: evercert payments --check ${id}`, `支付后查看：evercert payments --check ${id}`),
  ]
}

export interface PaymentsOptions {
  readonly order?: string
  readonly check?: string
  readonly receive?: string
  readonly amount?: string
  readonly reference?: string
}

const PAGE_SIZE = 100

export async function paymentsCommand(session: Session, options: PaymentsOptions): Promise<number> {
  const client = await session.client()
  const payment = await actOnOne(client, options)
  if (payment !== null) {
    session.document(payment)
    session.print(...formatPayments(session, [payment]))
    return 0
  }
  const page = await client.payments.list({ limit: PAGE_SIZE, ...(options.order !== undefined && { orderId: options.order }) })
  return showPage(session, page, { format: formatPayments, none: ['No payment.', '没有支付记录。'] })
}

/** Null when none is named. */
async function actOnOne(client: Client, { check, receive, amount, reference }: PaymentsOptions): Promise<PaymentView | null> {
  if (check !== undefined) return client.payments.check({ id: check })
  if (receive === undefined) return null
  if (reference === undefined) {
    throw wrongUsage(
      'invalid',
      "Recording a receipt: it has no reference: give the bank's with --reference, so that it counts once.",
      {
        cause: { en: 'Without a reference the same money could be recorded twice.', zh: '没有流水号，同一笔款项可能重复登记。' },
        remedy: { en: "Give the bank's with --reference.", zh: '请用 --reference 提供银行流水号。' },
      },
    )
  }
  const money = parseMoney(amount, {
    en: 'give what came in, such as --amount "100 CNY"',
    zh: '请填写收到的金额，如 --amount "100 CNY"',
  })
  return client.payments.recordReceipt({ id: receive, ...money, reference })
}

const STATE_COLOURS: Readonly<Partial<Record<PaymentView['state'], Colour>>> = { succeeded: 'green', credited: 'yellow' }

/** With the reason, where money went to the balance. */
function formatState({ state, problem }: PaymentView, language: Language): string {
  const word = wordFor('payment', state, language)
  return problem === null || state !== 'credited' ? word : `${word} (${wordFor('creditReason', problem, language)})`
}

function formatPayments({ say, paint, columns, language }: Session, payments: readonly PaymentView[]): string[] {
  const header = [
    say('AT', '时间'),
    say('METHOD', '方式'),
    say('STATE', '状态'),
    say('AMOUNT', '金额'),
    say('RECEIVED', '已收'),
    say('ORDER', '订单'),
    say('ID', '编号'),
  ]
  const rows = payments.map((payment) => [
    { text: formatInstant(payment.createdAt) },
    { text: payment.method },
    { text: formatState(payment, language), colour: STATE_COLOURS[payment.state] },
    { text: formatMoney(payment.amount) },
    { text: formatMoney(payment.received) },
    { text: payment.orderId },
    { text: payment.id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 1 })
}
