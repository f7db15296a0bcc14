/**
 * The commands around the audit log.
 *
 * @module
 */
import { Option, type Command } from 'commander'
import type { Bind } from './applicant-commands.ts'
import {
  checkpointCommand,
  exportAuditCommand,
  listAuditCommand,
  verifyAuditCommand,
  type CheckpointOptions,
  type ExportAuditOptions,
  type ListAuditOptions,
  type VerifyAuditOptions,
} from './commands/audit.ts'
import type { Say } from './language.ts'

export function addAuditCommands(program: Command, bind: Bind, say: Say): void {
  const audit = program
    .command('audit')
    .description(
      say('what was done and refused, provably unchanged: list, verify, export', '审计日志：查看、验证、导出；可证明未被修改'),
    )
  const installation = say('of all accounts, and of the installation itself (operator)', '所有账号及系统本身（管理员）')
  audit
    .command('list', { isDefault: true })
    .description(say('list entries, newest first', '列出记录，最新在前'))
    .option(
      '--from <time>',
      say('from this on, such as 2026-12-05 or an ISO 8601 time', '起始时间，如 2026-12-05 或 ISO 8601 时间'),
    )
    .option('--to <time>', say('before this', '截止时间（不含）'))
    .option('--actor <actor>', say('name of a token, or e-mail address', '令牌名称或邮箱'))
    .option('--action <action>', say('such as tokens.create, or tokens', '如 tokens.create 或 tokens'))
    .option('--subject <id>', say('what it concerns: an id', '相关对象的编号'))
    .addOption(new Option('--outcome <outcome>', say('only these', '仅此结果')).choices(['done', 'refused', 'failed', 'unknown']))
    .option('--installation', installation)
    .option('--all', say('every page, not only the first 200', '全部，而不仅是前 200 条'))
    .action(bind<[ListAuditOptions]>(listAuditCommand))
  audit
    .command('verify')
    .description(
      say(
        'find the line that was altered, removed or inserted (exit code 1); with --file and --keys it needs no service',
        '查找被篡改、删除或插入的记录（发现时退出码为 1）；使用 --file 与 --keys 时无需服务',
      ),
    )
    .option(
      '--file <file>',
      say('an exported log; default: what the service has (operator)', '导出的日志文件；默认验证服务中的日志（管理员）'),
    )
    .option(
      '--checkpoint <file>',
      say('a checkpoint that was kept: finds newest lines that were cut off', '另行保存的检查点：可发现末尾被截断的记录'),
    )
    .option(
      '--keys <file>',
      say('JWK set of the installation; default: asked of the service', '签发系统的公钥集（JWK）；默认向服务查询'),
    )
    .action(bind<[VerifyAuditOptions]>(verifyAuditCommand))
  audit
    .command('export')
    .description(say('write the chain with its checkpoints to a file', '将日志及检查点导出到文件'))
    .requiredOption('--out <file>', say('where to', '输出文件'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .option('--after <position>', say('begin with the last checkpoint up to here', '从该位置之前的最后一个检查点开始'))
    .option('--installation', installation)
    .action(bind<[ExportAuditOptions]>(exportAuditCommand))
  audit
    .command('checkpoint')
    .description(say('the newest signed checkpoint, to keep elsewhere', '最新的签名检查点，请保存到别处'))
    .option('--out <file>', say('write it to a file', '写入文件'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .action(bind<[CheckpointOptions]>(checkpointCommand))
}
