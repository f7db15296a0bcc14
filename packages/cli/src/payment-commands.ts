/**
 * The commands around money: pay, payments.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import { payCommand, paymentsCommand, type PaymentsOptions, type PayOptions } from './commands/payments.ts'
import type { Say } from './language.ts'

export function addPaymentCommands(program: Command, bind: Bind, say: Say): void {
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
    .action(bind<[PaymentsOptions]>(paymentsCommand))
}
