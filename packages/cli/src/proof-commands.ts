/**
 * The commands around proof: verify, receipt, discover.
 *
 * @module
 */
import { Option, type Command } from 'commander'
import { ENDPOINT_PROTOCOLS } from '@evercert/pki/probe'
import type { Bind } from './applicant-commands.ts'
import { acceptCandidateCommand, dismissCandidateCommand, listCandidatesCommand } from './commands/candidates.ts'
import { discoverCommand, type DiscoverOptions } from './commands/discover.ts'
import {
  listReceiptsCommand,
  showReceiptCommand,
  verifyReceiptCommand,
  type ShowReceiptOptions,
  type VerifyReceiptOptions,
} from './commands/receipt.ts'
import { verifyCommand, type VerifyOptions } from './commands/verify.ts'
import type { Say } from './language.ts'

export function addProofCommands(program: Command, bind: Bind, say: Say): void {
  program
    .command('verify')
    .argument(
      '[site]',
      say('such as example.com:443 or smtp://mail.example.com', '如 example.com:443 或 smtp://mail.example.com'),
    )
    .description(
      say(
        'prove by TLS handshake what every address serves; needs no service (exit codes: 0 all in order, 1 something is wrong or does not answer, 64 wrong usage)',
        '通过 TLS 握手检查每个地址的证书；无需服务（退出码：0 全部正常，1 有异常或无应答，64 用法错误）',
      ),
    )
    .option('--from <file>', say('many sites, one on a line', '包含多个站点的文件，每行一个'))
    .option('--concurrency <count>', say('hosts at the same time with --from (default 32)', '使用 --from 时的并发数（默认 32）'))
    .option('--csv', say('with --from: CSV on stdout, in the order of the answers', '使用 --from 时输出 CSV，按应答顺序'))
    .addOption(
      new Option(
        '--protocol <protocol>',
        say('where the site names none (default tls)', '站点未指明时的协议（默认 tls）'),
      ).choices(ENDPOINT_PROTOCOLS),
    )
    .option('--server-name <name>', say('name to ask for (SNI) instead of the host', '代替主机名的 SNI 名称'))
    .option('--ca <file>', say('PEM roots to trust besides those of the system', '除系统外额外信任的根证书 PEM'))
    .option('--expect <sha256>', say('fingerprint that must be served', '必须使用的证书指纹'))
    .action(bind<[string | undefined, VerifyOptions]>(verifyCommand))
  addReceiptCommands(program, bind, say)
  program
    .command('discover')
    .argument('[names...]', say('host names', '主机名'))
    .description(say('find endpoints that serve certificates, and keep them as candidates', '发现正在使用证书的站点，保存为候选'))
    .option('--from <file>', say('names, one on a line', '包含主机名的文件，每行一个'))
    .option('--certificate <certificate>', say('the names of this certificate', '该证书的域名'))
    .option('--range <cidr>', say('every address of a range that the operator allowed', '管理员允许的网段中的每个地址'))
    .option('--ports <ports>', say('separated by commas; default: that of the protocol', '以逗号分隔；默认为协议端口'))
    .addOption(new Option('--protocol <protocol>', say('default tls', '默认 tls')).choices(ENDPOINT_PROTOCOLS))
    .option('--accept', say('make what belongs to a certificate its endpoint', '将匹配证书的站点直接采纳'))
    .action(bind<[string[], DiscoverOptions]>(discoverCommand))
  addCandidateCommands(program, bind, say)
}

function addReceiptCommands(program: Command, bind: Bind, say: Say): void {
  const receipt = program
    .command('receipt')
    .description(say('the signed proof that a certificate is served: list, show, verify', '更换凭证：列出、查看、验证'))
  receipt
    .command('list')
    .description(say('list the receipts of the account, newest first', '列出账号的更换凭证，最新在前'))
    .action(bind<[object]>(listReceiptsCommand))
  receipt
    .command('show')
    .argument('<certificate>', say('a certificate, or the id of a receipt', '证书，或凭证编号'))
    .description(say('show the newest receipt, and write it to files', '查看最新凭证，并可写入文件'))
    .option('--jws <file>', say('write the signed receipt', '写入签名凭证'))
    .option('--pdf <file>', say('write it as PDF (English)', '写入 PDF（英文）'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .action(bind<[string, ShowReceiptOptions]>(showReceiptCommand))
  receipt
    .command('verify')
    .argument('<file>', say('the signed receipt', '签名凭证文件'))
    .description(
      say(
        'check a receipt; with --keys it needs no service (exit code 1: altered)',
        '验证凭证；使用 --keys 时无需服务（被修改时退出码为 1）',
      ),
    )
    .option(
      '--keys <file>',
      say('JWK set of the installation; default: asked of the service', '签发系统的公钥集（JWK）；默认向服务查询'),
    )
    .action(bind<[string, VerifyReceiptOptions]>(verifyReceiptCommand))
}

function addCandidateCommands(program: Command, bind: Bind, say: Say): void {
  const candidates = program
    .command('candidates')
    .description(say('what discover found: list, accept, dismiss', '发现的候选站点：列出、采纳、忽略'))
  const candidate = say('id of the candidate', '候选站点编号')
  candidates
    .command('list', { isDefault: true })
    .description(say('list candidates', '列出候选站点'))
    .action(bind<[object]>(listCandidatesCommand))
  candidates
    .command('accept')
    .argument('<candidate>', candidate)
    .description(say('make it an endpoint of its certificate', '采纳为证书的站点'))
    .option('--certificate <certificate>', say('in place of the one that was found', '替代自动匹配的证书'))
    .action(bind<[string, { readonly certificate?: string }]>(acceptCandidateCommand))
  candidates
    .command('dismiss')
    .argument('<candidate>', candidate)
    .description(say('forget it', '忽略该候选站点'))
    .action(bind<[string, object]>(dismissCandidateCommand))
}
