/**
 * The commands of four eyes.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import {
  approveCommand,
  explainCommand,
  listApprovalsCommand,
  refuseCommand,
  setRulesCommand,
  showApprovalCommand,
  showRulesCommand,
  withdrawCommand,
  type ApprovalListOptions,
  type RulesOptions,
} from './commands/approvals.ts'
import type { Say } from './language.ts'

export function addApprovalCommands(program: Command, bind: Bind, say: Say): void {
  const approvals = program.command('approvals').description(say('what waits for a second person', '等待第二人批准的请求'))
  approvals
    .command('list', { isDefault: true })
    .description(say('what waits, newest first', '等待批准的请求，最新在前'))
    .option('--all', say('also what is over', '包括已结束的'))
    .action(bind<[ApprovalListOptions]>(listApprovalsCommand))
  approvals
    .command('show')
    .argument('<id>')
    .description(say('show one with what was asked', '查看请求内容'))
    .action(bind<[string, object]>(showApprovalCommand))
  approvals
    .command('approve')
    .argument('<id>')
    .description(say('approve what another member asked: it is done at once', '批准他人的请求，立即执行'))
    .action(bind<[string, object]>(approveCommand))
  approvals
    .command('refuse')
    .argument('<id>')
    .description(say('refuse; who asked sees the reason', '拒绝；申请人可见原因'))
    .requiredOption('--reason <text>', say('what is wrong', '原因'))
    .action(bind<[string, { reason: string }]>(refuseCommand))
  approvals
    .command('explain')
    .argument('<id>')
    .argument('<why>')
    .description(say('say why you asked', '说明申请理由'))
    .action(bind<[string, string, object]>(explainCommand))
  approvals
    .command('withdraw')
    .argument('<id>')
    .description(say('take back what you asked', '撤回自己的请求'))
    .action(bind<[string, object]>(withdrawCommand))
  addRules(program, bind, say)
}

function addRules(program: Command, bind: Bind, say: Say): void {
  const rules = program.command('rules').description(say('what needs a second person in the account', '哪些操作需第二人批准'))
  rules.command('show', { isDefault: true }).description(say('show', '查看')).action(bind<[object]>(showRulesCommand))
  rules
    .command('set')
    .description(
      say(
        'change some; what is not named stays. Loosening is approved by a second person',
        '修改；未指定的保持不变。放宽规则须第二人批准',
      ),
    )
    .option(
      '--spending-limit <amounts...>',
      say('over it an order needs a second person: "500 CNY", or none', '超过此金额的订单需第二人批准：“500 CNY”，或 none'),
    )
    .option('--revocation <on|off>', say('revoking needs a second person', '吊销需第二人批准'))
    .option('--key-download <on|off>', say('downloading a private key needs a second person', '下载私钥需第二人批准'))
    .option('--token-keys <on|off>', say('API tokens may download private keys', '允许 API 令牌下载私钥'))
    .action(bind<[RulesOptions]>(setRulesCommand))
}
