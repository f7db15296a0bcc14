/**
 * `evercert balance`: the prepaid balance and its latest entries.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { BalanceView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { failure } from '../failure.ts'
import { formatInstant, formatMoney } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import { parseMoney } from '../parse-money.ts'
import type { Session } from '../session.ts'

const RECEIVED = {
  en: 'give what was received, such as --top-up "1000 CNY"',
  zh: '请填写收到的金额，如 --top-up "1000 CNY"',
}

export interface BalanceOptions {
  readonly topUp?: string
  readonly key?: string
  readonly note?: string
  /** The account that is meant: a token of another one is refused. */
  readonly account?: string
}

export async function balanceCommand(session: Session, options: BalanceOptions): Promise<number> {
  const { topUp, key = randomUUID(), note } = options
  const money = topUp === undefined ? null : parseMoney(topUp, RECEIVED)
  const client = await session.client()
  if (options.account !== undefined) await requireAccount(client, options.account)
  const balance =
    money === null
      ? await client.balance.get()
      : await client.balance.topUp({ ...money, ...(note !== undefined && { note }) }, { context: { idempotencyKey: key } })
  session.document(balance)
  session.print(...formatBalance(session, balance))
  return 0
}

/** A token is of one account: money must not land in another one than was meant. @throws CliFailure `notFound` */
async function requireAccount(client: Client, wanted: string): Promise<void> {
  const { account } = await client.me.get()
  if (account !== null && (account.id === wanted || account.name === wanted)) return
  const own = account === null ? '–' : `${clean(account.name)} (${account.id})`
  throw failure('notFound', `Choosing the account ${clean(wanted)}: the token is of ${own}: use a token of that account.`, {
    cause: { en: `A token is of one account, and this one is of ${own}.`, zh: `令牌只属于一个账号，当前令牌属于 ${own}。` },
    remedy: {
      en: 'Go into that account in the console, make a token in its settings, and give it with --token-file.',
      zh: '请在控制台中进入该账号，在设置中创建令牌，并用 --token-file 指定。',
    },
  })
}

function formatBalance({ say, paint, columns }: Session, { balances, entries }: BalanceView): string[] {
  const amounts = balances.length === 0 ? say('empty', '无余额') : balances.map((balance) => formatMoney(balance)).join(', ')
  const heading = `${say('Balance', '余额')}  ${paint('bold', amounts)}`
  if (entries.length === 0) return [heading]
  const kinds = {
    topUp: say('top-up', '充值'),
    payment: say('payment', '支付'),
    refund: say('refund', '退款'),
    credit: say('credit', '转入余额'),
    // These two pass the balance by.
    receipt: say('receipt', '收款'),
    settlement: say('settlement', '结算'),
  }
  const rows = entries.map((entry) => [
    { text: formatInstant(entry.at) },
    { text: kinds[entry.kind] },
    { text: formatMoney(entry.amount) },
    { text: entry.orderId ?? '–' },
    { text: entry.note ?? '' },
  ])
  const header = [say('AT', '时间'), say('KIND', '类型'), say('AMOUNT', '金额'), say('ORDER', '订单'), say('NOTE', '备注')]
  return [heading, '', ...formatTable(header, rows, { paint, columns, shrink: 4 })]
}
