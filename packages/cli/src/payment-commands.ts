/**
 * The commands around money: orders, balance, pay, payments.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import { balanceCommand, type BalanceOptions } from './commands/balance.ts'
import { ordersCommand, type OrdersOptions } from './commands/orders.ts'
import { payCommand, paymentsCommand, type PaymentsOptions, type PayOptions } from './commands/payments.ts'
import type { Say } from './language.ts'

export function addPaymentCommands(program: Command, bind: Bind, say: Say): void {
  program
    .command('orders')
    .description(say('list orders, newest first', '列出订单，最新在前'))
    .option('--cancel <id>', say('cancel this unpaid order', '取消该未支付的订单'))
    .action(bind<[OrdersOptions]>(ordersCommand))
  program
    .command('balance')
    .description(say('show the balance and its latest entries', '查看余额与最近流水'))
    .option(
      '--top-up <amount>',
      say('book money received, such as "1000 CNY" (operator)', '登记已收到的款项，例如 "1000 CNY"（管理员）'),
    )
    .option('--key <key>', say('repeating a top-up with the same key books it once', '使用同一键重复登记时只入账一次'))
    .option('--note <text>', say('shown with the entry', '显示在流水中'))
    .option(
      '--account <account>',
      say(
        'id or name of the account that is meant: a token of another one is refused',
        '指定账号的编号或名称：令牌属于其他账号时拒绝',
      ),
    )
    .action(bind<[BalanceOptions]>(balanceCommand))
  program
    .command('pay')
    .argument('<order>', say('id of the order', '订单编号'))
    .description(say('pay an order: from the balance, or by a payment connection', '支付订单：使用余额或支付渠道'))
    .option('--method <method>', say('balance, or the id of a payment connection', 'balance，或支付渠道的编号'))
    .action(bind<[string, PayOptions]>(payCommand))
  program
    .command('payments')
    .description(say('list payments, newest first', '列出支付记录，最新在前'))
    .option('--order <id>', say('only of this order', '仅此订单'))
    .option('--check <id>', say('ask the provider now about this payment', '立即向支付服务商查询该笔支付'))
    .option('--receive <id>', say('record money that came in for this invoice (operator)', '登记该账单收到的款项（管理员）'))
    .option('--amount <amount>', say('what came in, such as "100 CNY"', '收到的金额，例如 "100 CNY"'))
    .option('--reference <text>', say("the bank's: the same one never counts twice", '银行流水号：同一流水号只计一次'))
    .action(bind<[PaymentsOptions]>(paymentsCommand))
}
