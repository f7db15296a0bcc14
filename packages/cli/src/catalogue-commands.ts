/**
 * The commands around the catalogue: products, promotions, and ordering of them.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import { orderCommand, type OrderOptions } from './commands/order.ts'
import {
  addProductCommand,
  listProductsCommand,
  priceCommand,
  restoreProductCommand,
  retireProductCommand,
  type AddProductOptions,
  type PriceOptions,
} from './commands/products.ts'
import {
  addPromotionCommand,
  changePromotionCommand,
  listPromotionsCommand,
  withdrawPromotionCommand,
  type AddPromotionOptions,
  type ChangePromotionOptions,
} from './commands/promotions.ts'
import type { Say } from './language.ts'

export function addCatalogueCommands(program: Command, bind: Bind, say: Say): void {
  addPurchaseOptions(program.command('order'), say)
    .argument('<product>', say('id of the product', '产品编号'))
    .description(say('order a new certificate: shows the price, asks, and places the order', '订购新证书：显示价格、确认后下单'))
    .option('--term <years>', say('years to buy; default 1', '购买年限，默认 1'))
    .option('--domains <number>', say('how many domains; default 1', '域名数量，默认 1'))
    .option('--quote', say('only show what it costs', '仅显示价格'))
    .option('--key <key>', say('repeating an order with the same key places one', '使用相同的键重复下单只会生成一个订单'))
    .option('-y, --yes', say('order without asking', '不询问，直接下单'))
    .action(bind<[string, OrderOptions]>(orderCommand))
  addProductCommands(program, bind, say)
  addPromotionCommands(program, bind, say)
}

/** For what buys: `order` and `renew`. */
export function addPurchaseOptions(command: Command, say: Say): Command {
  return command
    .option(
      '--currency <code>',
      say('such as CNY; default: one in which there is a balance', '货币代码，如 CNY；默认使用有余额的货币'),
    )
    .option('--code <code>', say('of a promotion', '优惠码'))
}

function addProductCommands(program: Command, bind: Bind, say: Say): void {
  const products = program
    .command('products')
    .description(
      say('the catalogue: list; add, price, retire, restore (operator)', '产品目录：列出；添加、定价、下架、恢复（管理员）'),
    )
  const product = say('id of the product', '产品编号')
  const minor = say('in minor units, such as 12800 for CN¥128.00', '以最小货币单位表示，如 12800 表示 128.00 元')
  products
    .command('list', { isDefault: true })
    .description(say('list products with their prices', '列出产品与价格'))
    .action(bind<[object]>(listProductsCommand))
  products
    .command('add')
    .argument('<id>', say('lower-case letters, digits and hyphens', '小写字母、数字和连字符'))
    .description(say('sell certificates of an issuer', '上架某签发机构的证书产品'))
    .requiredOption('--title <text>', say('shown in the catalogue', '产品目录中显示的名称'))
    .option('--title-zh <text>', say('the same in Chinese', '中文名称'))
    .requiredOption('--issuer <id>', say('see evercert issuers', '参见 evercert issuers'))
    .requiredOption('--brand <name>', say('see evercert brands', '参见 evercert brands'))
    .option('--type <type>', say('DV, OV or EV', 'DV、OV 或 EV'), 'DV')
    .option('--domains <type>', say('single, multi, wildcard, multiWildcard or mixed', '域名类型'), 'single')
    .option('--grade <name>', say('the fourth attribute of the specification', '规格的第四项：等级'), 'standard')
    .requiredOption(
      '--price <years=amount>',
      say('such as "1=128 CNY"; repeat it for other terms and currencies', '如 "1=128 CNY"；其他年限与货币可重复此项'),
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option('--included-domains <number>', say('what the price covers', '价格所含域名数量'), '1')
    .option(
      '--extra-domain <number>',
      say('for each further one, in the same currency; default 0', '每增加一个域名的价格，默认 0'),
    )
    .option('--no-renewal', say('its brand offers no renewal', '该品牌不支持续费'))
    .action(bind<[string, AddProductOptions]>(addProductCommand))
  products
    .command('price')
    .argument('<product>', product)
    .description(
      say('set the price of a term in a currency; placed orders keep theirs', '设置某年限某货币的价格；已下单的不受影响'),
    )
    .requiredOption('--term <years>', say('years', '年限'))
    .requiredOption('--amount-minor <amount>', minor)
    .option('--currency <code>', say("default: the term's own", '默认使用该年限的默认货币'))
    .option('--extra-domain-minor <amount>', say('for each further domain, ', '每增加一个域名的价格，') + minor)
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

function addPromotionCommands(program: Command, bind: Bind, say: Say): void {
  const promotions = program
    .command('promotions')
    .description(say('list, add, change, withdraw (operator)', '优惠活动：列出、添加、修改、撤回（管理员）'))
  const promotion = say('id of the promotion', '优惠活动编号')
  const until = say('day or instant at which it ends', '结束的日期或时刻')
  const uses = say('how many orders may use it', '最多可用于多少个订单')
  promotions
    .command('list', { isDefault: true })
    .description(say('list promotions, newest first', '列出优惠活动，最新在前'))
    .action(bind<[object]>(listPromotionsCommand))
  promotions
    .command('add')
    .description(say('take a percentage or an amount off prices', '按百分比或金额优惠'))
    .requiredOption('--title <text>', say('shown with the price', '与价格一同显示'))
    .option('--title-zh <text>', say('the same in Chinese', '中文名称'))
    .option('--percent <number>', say('1 to 100', '1 到 100'))
    .option('--amount <amount>', say('such as "20 CNY", for orders in this currency', '如 "20 CNY"，仅限该货币的订单'))
    .option('--code <code>', say('what buyers have to enter; default: it applies by itself', '优惠码；默认自动适用'))
    .option('--products <ids>', say('separated by commas; default: all', '以逗号分隔；默认全部产品'))
    .option('--terms <years>', say('separated by commas; default: all', '以逗号分隔；默认全部年限'))
    .option('--from <instant>', say('day or instant at which it starts; default: now', '开始的日期或时刻，默认立即'))
    .option('--until <instant>', until)
    .option('--uses <number>', uses)
    .action(bind<[AddPromotionOptions]>(addPromotionCommand))
  promotions
    .command('change')
    .argument('<promotion>', promotion)
    .description(say('change its end or its number of uses', '修改结束时间或可用次数'))
    .option('--until <instant>', `${until}; none`)
    .option('--uses <number>', `${uses}; none`)
    .action(bind<[string, ChangePromotionOptions]>(changePromotionCommand))
  promotions
    .command('withdraw')
    .argument('<promotion>', promotion)
    .description(say('end it for good; placed orders keep it', '永久结束；已下单的不受影响'))
    .action(bind<[string, object]>(withdrawPromotionCommand))
}
