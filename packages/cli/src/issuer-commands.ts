/**
 * The commands around issuers and brands.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import {
  addBrandCommand,
  addIssuerCommand,
  changeBrandCommand,
  changeIssuerCommand,
  listBrandsCommand,
  listIssuersCommand,
  restoreIssuerCommand,
  retireIssuerCommand,
  showIssuerCommand,
  type AddIssuerOptions,
  type BrandOptions,
  type ChangeIssuerOptions,
} from './commands/issuers.ts'
import type { Say } from './language.ts'
import { addSettingsOptions } from './settings/given.ts'
import { addKindsCommand } from './settings/kinds.ts'

export function addIssuerCommands(program: Command, bind: Bind, say: Say): void {
  const issuers = program
    .command('issuers')
    .description(
      say(
        'CAs: list; kinds, add, show, change, retire, restore (operator)',
        'CA：列出；类型、添加、查看、修改、停用、恢复（管理员）',
      ),
    )
  const issuer = say('id of the issuer', 'CA 编号')
  issuers
    .command('list', { isDefault: true })
    .description(say('list issuers', '列出 CA'))
    .action(bind<[object]>(listIssuersCommand))
  issuers
    .command('show')
    .argument('<issuer>', issuer)
    .description(say('show its settings without their secrets', '查看设置（不含机密）'))
    .action(bind<[string, object]>(showIssuerCommand))
  addKindsCommand(issuers, bind, say, 'ca')
  addSettingsOptions(issuers.command('add'), say)
    .argument('<id>', say('lower-case letters, digits and hyphens', '小写字母、数字和连字符'))
    .description(say('connect a CA', '接入 CA'))
    .requiredOption('--title <text>', say('name in lists', '列表中的名称'))
    .requiredOption('--kind <kind>', say('see evercert issuers kinds', '参见 evercert issuers kinds'))
    .option(
      '--root <file>',
      say('PEM of the root that proves its sites; default: those of the system', '证明站点时信任的根证书 PEM；默认系统根证书'),
    )
    .action(bind<[string, AddIssuerOptions]>(addIssuerCommand))
  addSettingsOptions(issuers.command('change'), say)
    .argument('<issuer>', issuer)
    .description(say('change title, settings or root; secrets left out stay', '修改名称、设置或根证书；未填写的机密保持不变'))
    .option('--title <text>', say('name in lists', '列表中的名称'))
    .option('--root <file>', say('PEM of the root to trust, or none', '要信任的根证书 PEM 文件，或 none'))
    .action(bind<[string, ChangeIssuerOptions]>(changeIssuerCommand))
  issuers
    .command('retire')
    .argument('<issuer>', issuer)
    .description(say('take no more orders; what was sold goes on', '不再接受订单；已售出的不受影响'))
    .action(bind<[string, object]>(retireIssuerCommand))
  issuers
    .command('restore')
    .argument('<issuer>', issuer)
    .description(say('take orders again', '恢复接受订单'))
    .action(bind<[string, object]>(restoreIssuerCommand))
  addBrandCommands(program, bind, say)
}

function addBrandCommands(program: Command, bind: Bind, say: Say): void {
  const brands = program.command('brands').description(say('list; add, change (operator)', '品牌：列出；添加、修改（管理员）'))
  const brand = say('name, as in specifications', '规格中的品牌名')
  brands
    .command('list', { isDefault: true })
    .description(say('list brands', '列出品牌'))
    .action(bind<[object]>(listBrandsCommand))
  for (const [name, en, zh, action] of [
    ['add', 'add a brand', '添加品牌', addBrandCommand],
    ['change', 'change its titles', '修改名称', changeBrandCommand],
  ] as const) {
    brands
      .command(name)
      .argument('<name>', brand)
      .description(say(en, zh))
      .option('--title <text>', say('shown in English; default: its name', '英文名称；默认同品牌名'))
      .option('--title-zh <text>', say('shown in Chinese', '中文名称'))
      .action(bind<[string, BrandOptions]>(action))
  }
}
