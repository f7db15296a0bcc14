/**
 * The commands around money: pay, payments, products.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import { payCommand, paymentsCommand, type PaymentsOptions, type PayOptions } from './commands/payments.ts'
import {
  listProductsCommand,
  priceCommand,
  restoreProductCommand,
  retireProductCommand,
  type PriceOptions,
} from './commands/products.ts'
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
  addProductCommands(program, bind, say)
}

function addProductCommands(program: Command, bind: Bind, say: Say): void {
  const products = program
    .command('products')
    .description(say('the catalogue: list; price, retire, restore (operator)', '产品目录：列出；定价、下架、恢复（管理员）'))
  const product = say('id of the product', '产品编号')
  products
    .command('list', { isDefault: true })
    .description(say('list products with their prices', '列出产品与价格'))
    .action(bind<[object]>(listProductsCommand))
  products
    .command('price')
    .argument('<product>', product)
    .description(say('set the price of a term; placed orders keep theirs', '设置某一年限的价格；已下单的订单不受影响'))
    .requiredOption('--term <years>', say('years', '年限'))
    .requiredOption(
      '--amount-minor <amount>',
      say('price in minor units, such as 12800 for CNY 128.00', '以最小货币单位表示的价格，如 12800 表示 128.00 元'),
    )
    .action(bind<[string, PriceOptions]>(priceCommand))
  products
    .command('retire')
    .argument('<product>', product)
    .description(say('stop selling it; what was sold goes on', '停止销售；已售出的不受影响'))
    .action(bind<[string, object]>(retireProductCommand))
  products
    .command('restore')
    .argument('<product>', product)
    .description(say('sell it again', '恢复销售'))
    .action(bind<[string, object]>(restoreProductCommand))
}
