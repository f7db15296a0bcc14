/**
 * The command line: its commands and options, and how failures become exit codes.
 *
 * @module
 */
import { Command, CommanderError, Option } from 'commander'
import { downloadFormat, exportFormat } from '@evercert/contract'
import packageJson from '../package.json' with { type: 'json' }
import { addAgentCommands } from './agent-commands.ts'
import { addApplicantCommands, addValidationOptions } from './applicant-commands.ts'
import { addApprovalCommands } from './approval-commands.ts'
import { addBackupCommands } from './backup-commands.ts'
import { addAuditCommands } from './audit-commands.ts'
import { addCatalogueCommands, addPurchaseOptions } from './catalogue-commands.ts'
import { addConnectionCommands } from './connection-commands.ts'
import { addFilterOptions } from './certificate-filter.ts'
import {
  cancelCommand,
  deleteCommand,
  refundCommand,
  revokeCommand,
  type CancelOptions,
  type EndingOptions,
  type RevokeOptions,
} from './commands/endings.ts'
import { downloadCommand, type DownloadOptions } from './commands/download.ts'
import { importCommand, type ImportOptions } from './commands/import.ts'
import { exportCommand, type ExportOptions } from './commands/export.ts'
import { forecastCommand, type ForecastOptions } from './commands/forecast.ts'
import { historyCommand } from './commands/history.ts'
import { listCommand, type ListOptions } from './commands/list.ts'
import { manageCommand, type ManageOptions } from './commands/manage.ts'
import { renewCommand, type RenewOptions } from './commands/renew.ts'
import { serveCommand } from './commands/serve.ts'
import { showCommand } from './commands/show.ts'
import { renameCommand, tagCommand, type TagOptions } from './commands/tag.ts'
import { uploadCommand, type UploadOptions } from './commands/upload.ts'
import { exitCodeOf, EXIT_USAGE, failure, formatProblem, Interrupted, problemJson, toProblem } from './failure.ts'
import { addEndpointCommands } from './endpoint-commands.ts'
import { addIssuerCommands } from './issuer-commands.ts'
import { ESTATES } from './import/index.ts'
import { createSay, detectLanguage, type Language, type Say } from './language.ts'
import { addKeyCommands } from './key-commands.ts'
import { addNameCommands } from './name-commands.ts'
import { addNoticeCommands } from './notice-commands.ts'
import { createPaint } from './output.ts'
import { addPaymentCommands } from './payment-commands.ts'
import { addTargetCommands } from './target-commands.ts'
import { addProofCommands } from './proof-commands.ts'
import { addSignInProviderCommands } from './sign-in-provider-commands.ts'
import { addUserCommands } from './user-commands.ts'
import { createSession, type GlobalOptions, type Session, type Shell } from './session.ts'

const EXIT_INTERRUPTED = 130
const INTERRUPTED = 'Running the command: it was interrupted: run it again.'

/** Runs one command line. Never rejects. @returns the exit code */
export async function runProgram(argv: readonly string[], shell: Shell): Promise<number> {
  const language = detectLanguage(argv, shell.env)
  const run: Run = { shell, language, session: null, exitCode: 0, complaint: '' }
  try {
    const program = createProgram(run)
    if (argv.length === 0) {
      shell.stderr.write(program.helpInformation())
      return EXIT_USAGE
    }
    await program.parseAsync([...argv], { from: 'user' })
    return run.exitCode
  } catch (error) {
    return reportFailure(run, argv, error)
  }
}

interface Run {
  readonly shell: Shell
  readonly language: Language
  session: Session | null
  exitCode: number
  /** What commander last had to say against the command line: of a group without a command its help. */
  complaint: string
}

function reportFailure({ shell, language, session, complaint }: Run, argv: readonly string[], error: unknown): number {
  if (error instanceof Interrupted) {
    if (argv.includes('--json')) shell.stderr.write(`${problemJson(failure('interrupted', INTERRUPTED).problem)}\n`)
    return EXIT_INTERRUPTED
  }
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  if (isGroupAlone(error) && !argv.includes('--json')) {
    shell.stderr.write(complaint)
    return EXIT_USAGE
  }
  const wrongUsage = error instanceof CommanderError
  const problem = toProblem(wrongUsage ? toUsageFailure(error) : error, session?.calledUrl() ?? null)
  const lines = argv.includes('--json')
    ? [problemJson(problem)]
    : formatProblem(problem, language, createPaint(shell.stderr, shell.env))
  shell.stderr.write(`${lines.join('\n')}\n`)
  return wrongUsage ? EXIT_USAGE : exitCodeOf(error)
}

/** Such as `evercert contacts`: which of its commands is meant? */
function isGroupAlone(error: unknown): boolean {
  return error instanceof CommanderError && error.code === 'commander.help'
}

function toUsageFailure(error: CommanderError): Error {
  const detail = isGroupAlone(error) ? 'one of its commands has to be named' : error.message.replace(/^error: /, '')
  return failure('invalid', `Reading the command line: ${detail}`, {
    title: 'The command line is not understood',
    cause: { en: 'There is no such command, option or value.', zh: '命令、选项或参数有误。' },
    remedy: { en: 'See "evercert --help".', zh: '请查看 “evercert --help”。' },
  })
}

type Action<Arguments extends unknown[]> = (session: Session, ...args: Arguments) => Promise<number>

/** Hands the command's own arguments and options on, with a session made from the global ones. */
function bind<Arguments extends unknown[]>(run: Run, action: Action<Arguments>) {
  return async (...args: [...Arguments, Command]): Promise<void> => {
    const command = args.at(-1) as Command
    run.session = createSession(run.shell, run.language, command.optsWithGlobals<GlobalOptions>())
    run.exitCode = await action(run.session, ...(args.slice(0, -1) as Arguments))
  }
}

const HELP_TITLES: Readonly<Record<string, string>> = {
  'Usage:': '用法：',
  'Arguments:': '参数：',
  'Options:': '选项：',
  'Global Options:': '全局选项：',
  'Commands:': '命令：',
}

function createProgram(run: Run): Command {
  const say = createSay(run.language)
  const program = new Command('evercert')
    .description(say('Renews SSL certificates and proves that the new one is served', '续费 SSL 证书，并证明新证书已生效'))
    .version(packageJson.version, '-V, --version', say('print the version', '显示版本'))
    .exitOverride()
    .helpOption('-h, --help', say('display help for command', '显示帮助'))
    .helpCommand('help [command]', say('display help for command', '显示命令的帮助'))
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => say(title, HELP_TITLES[title] ?? title) })
    .configureOutput({
      writeOut: (text) => run.shell.stdout.write(text),
      writeErr: (text) => {
        run.complaint = text // thrown as well, and shown with its remedy
      },
    })
  addGlobalOptions(program, say)
  addOverviewCommands(program, run, say)
  addListCommands(program, run, say)
  addRenewalCommands(program, run, say)
  addNoticeCommands(program, (action) => bind(run, action), say)
  addConnectionCommands(program, (action) => bind(run, action), say)
  addManageCommand(program, run, say)
  addEndingCommands(program, run, say)
  addDownloadCommand(program, run, say)
  addApplicantCommands(program, (action) => bind(run, action), say)
  addApprovalCommands(program, (action) => bind(run, action), say)
  addProofCommands(program, (action) => bind(run, action), say)
  addBackupCommands(program, (action) => bind(run, action), say)
  addAuditCommands(program, (action) => bind(run, action), say)
  addKeyCommands(program, (action) => bind(run, action), say)
  addServerCommands(program, run, say)
  return program
}

function addGlobalOptions(program: Command, say: Say): void {
  program
    .option(
      '--json',
      say(
        'one JSON document on stdout (export: the file itself); failures as problem documents on stderr',
        '在标准输出打印一个 JSON 文档（export 输出文件内容本身）；错误以问题文档输出到标准错误',
      ),
    )
    .option(
      '--url <url>',
      say('the service (EVERCERT_URL; default http://127.0.0.1:8470)', '服务地址（EVERCERT_URL；默认 http://127.0.0.1:8470）'),
    )
    .option(
      '--token-file <file>',
      say(
        'file with the API token (EVERCERT_TOKEN_FILE, EVERCERT_TOKEN)',
        '存放 API 令牌的文件（EVERCERT_TOKEN_FILE、EVERCERT_TOKEN）',
      ),
    )
    .addOption(new Option('--lang <language>', say('language; default from LANG', '语言；默认取自 LANG')).choices(['en', 'zh']))
}

function addOverviewCommands(program: Command, run: Run, say: Say): void {
  addFilterOptions(program.command('list'), say)
    .description(say('list certificates; a renewal directly under the one it renews', '列出证书；续费的新证书紧跟在旧证书之下'))
    .option('--all', say('every page, not only the first 200', '全部，而不仅是前 200 条'))
    .action(bind<[ListOptions]>(run, listCommand))
  program
    .command('forecast')
    .description(
      say('renewals of the months to come, as certificates may live less and less', '未来各月的续费数：证书有效期上限逐步缩短'),
    )
    .option('--months <count>', say('1 to 60 (default 36)', '1 到 60（默认 36）'))
    .action(bind<[ForecastOptions]>(run, forecastCommand))
  program
    .command('show')
    .argument('<certificate>', certificateArgument(say))
    .description(say('show one certificate, its targets and what every address serves', '查看证书、部署目标及各地址的实际证书'))
    .action(bind<[string, object]>(run, showCommand))
  addPaymentCommands(program, (action) => bind(run, action), say)
  addTargetCommands(program, (action) => bind(run, action), say)
  addEndpointCommands(program, (action) => bind(run, action), say)
  addAgentCommands(program, (action) => bind(run, action), say)
  addCatalogueCommands(program, (action) => bind(run, action), say)
  addIssuerCommands(program, (action) => bind(run, action), say)
  addNameCommands(program, (action) => bind(run, action), say)
  addUserCommands(program, (action) => bind(run, action), say)
  addSignInProviderCommands(program, (action) => bind(run, action), say)
}

/** What works on the list as a whole, and on names and tags. */
function addListCommands(program: Command, run: Run, say: Say): void {
  addFilterOptions(program.command('export'), say)
    .description(
      say(
        'write the filtered list, or the certificates that are named, to a file, or to stdout',
        '将筛选后的列表或指定的证书导出到文件或标准输出',
      ),
    )
    .addOption(
      new Option(
        '--format <format>',
        say(
          'CSV, or NDJSON: one JSON document in each line, with --json too',
          'CSV，或 NDJSON：每行一个 JSON 文档，使用 --json 时亦然',
        ),
      )
        .choices(exportFormat.options)
        .makeOptionMandatory(),
    )
    .option(
      '--ids <ids>',
      say('only these certificates, separated by commas; at most 1000', '仅这些证书的编号，以逗号分隔；最多 1000 个'),
    )
    .option('--out <file>', say('where to; default: stdout', '输出文件；默认标准输出'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .action(bind<[ExportOptions]>(run, exportCommand))
  program
    .command('tag')
    .argument('<certificates...>', certificateArgument(say))
    .description(say('add tags to certificates and remove tags from them', '为证书添加或移除标签'))
    .option('--add <tags>', say('separated by commas', '以逗号分隔'))
    .option('--remove <tags>', say('separated by commas', '以逗号分隔'))
    .action(bind<[string[], TagOptions]>(run, tagCommand))
  program
    .command('rename')
    .argument('<certificate>', certificateArgument(say))
    .argument('<name>', say('the new name', '新名称'))
    .description(say('give a certificate another name', '重命名证书'))
    .action(bind<[string, string, object]>(run, renameCommand))
  program
    .command('history')
    .argument('<certificate>', certificateArgument(say))
    .description(say('show its whole timeline, newest first', '显示证书的完整历史，最新在前'))
    .action(bind<[string, object]>(run, historyCommand))
}

function addRenewalCommands(program: Command, run: Run, say: Say): void {
  addValidationOptions(addPurchaseOptions(program.command('renew'), say), say)
    .argument('<certificate>', certificateArgument(say))
    .description(
      say(
        'renew and wait until every address serves the new certificate; run it again to go on after an interruption (exit codes: 0 served, 1 failed, 2 never renewed and not due, 130 interrupted)',
        '续费并等待每个地址都使用新证书；中断后再次运行即可继续（退出码：0 已生效，1 失败，2 从未续费且未到续费时间，130 已中断）',
      ),
    )
    .option('--quote', say('only show what it costs, and what a change loses', '仅显示价格及更改的影响'))
    .option('-y, --yes', say('buy without asking', '不询问，直接购买'))
    .option(
      '--product <id>',
      say('another product (may lose the top-up), or that of an upload', '更换产品（可能失去补齐天数），或为上传的证书指定产品'),
    )
    .option('--term <years>', say('years to buy', '购买年限'))
    .option('--timeout <seconds>', say('give up waiting after so long; the renewal goes on', '最长等待秒数；续费会继续进行'))
    .action(bind<[string, RenewOptions]>(run, renewCommand))
  program
    .command('upload')
    .description(
      say(
        'upload a certificate bought elsewhere, or with --from all of a folder or archive (exit codes: 0 all kept, 1 something was refused or left out)',
        '上传在别处购买的证书；使用 --from 上传文件夹或压缩包中的全部证书（退出码：0 全部保存，1 有被拒绝或未处理的证书）',
      ),
    )
    .option('--name <name>', say('name in the list', '列表中的名称'))
    .option('--cert <file>', say('PEM: leaf first, then intermediates', 'PEM：叶证书在前，随后为中间证书'))
    .option('--key <file>', say('PEM without passphrase', 'PEM，无密码'))
    .option(
      '--renews <certificate>',
      say(
        'the uploaded certificate that it is the successor of (id, name or domain): it stands under that one, which is not to be renewed any more',
        '所接替的已上传证书（编号、名称或域名）：列在该证书之下，该证书不再需要续费',
      ),
    )
    .option(
      '--complete-chain',
      say(
        'the service fetches intermediates that are missing from where the certificate says',
        '由服务按证书中的地址（AIA）获取缺少的中间证书',
      ),
    )
    .option(
      '--from <path>',
      say(
        'a folder, .zip, .tar.gz or .tar: keys are found by their public key',
        '文件夹或 .zip、.tar.gz、.tar 压缩包：按公钥自动配对私钥',
      ),
    )
    .option('--dry-run', dryRunText(say))
    .action(bind<[UploadOptions]>(run, uploadCommand))
  addImportCommands(program, run, say)
}

function addImportCommands(program: Command, run: Run, say: Say): void {
  const group = program
    .command('import')
    .description(say('take over the certificates that another tool keeps here', '导入其他工具在本机管理的证书'))
  for (const estate of ESTATES) {
    group
      .command(estate.id)
      .description(say(`import certificates and keys of ${estate.id}`, `导入 ${estate.id} 的证书与私钥`))
      .option(
        `--${estate.option} <folder>`,
        say(
          `its folder (default ${estate.defaultFolder(run.shell.env)})`,
          `其目录（默认 ${estate.defaultFolder(run.shell.env)}）`,
        ),
      )
      .option('--dry-run', dryRunText(say))
      .action(bind<[ImportOptions]>(run, (session, options) => importCommand(session, estate, options)))
  }
}

function dryRunText(say: Say): string {
  return say('check everything, store nothing', '只检查，不保存')
}

function addManageCommand(program: Command, run: Run, say: Say): void {
  program
    .command('manage')
    .argument('<certificate>', certificateArgument(say))
    .description(say('let it renew by itself, within a limit for each renewal', '开启托管：自动续费，单次不超过消费上限'))
    .option(
      '--limit <amount>',
      say(
        'the most that one renewal may cost, such as "100 CNY"; 0: free ones only',
        '单次续费上限，如 "100 CNY"；0 表示仅限免费',
      ),
    )
    .option('--stop', say('renew it by hand again', '关闭托管，改为人工续费'))
    .action(bind<[string, ManageOptions]>(run, manageCommand))
}

function addEndingCommands(program: Command, run: Run, say: Say): void {
  const ending = (name: string, en: string, zh: string): Command =>
    program
      .command(name)
      .argument('<certificate>', certificateArgument(say))
      .description(say(en, zh))
      .option('-y, --yes', say('do it without asking', '不询问，直接执行'))
  ending(
    'cancel',
    'cancel before issuance; within 7 days the money goes back to the balance',
    '签发前取消；付款 7 天内款项退回余额',
  )
    .option('--without-refund', say('cancel also when the money does not come back', '即使不退款也取消'))
    .action(bind<[string, CancelOptions]>(run, cancelCommand))
  ending(
    'refund',
    'give the money back: unissued within 7 days, or revoked within them',
    '退款：付款 7 天内未签发，或在此期间已吊销',
  ).action(bind<[string, EndingOptions]>(run, refundCommand))
  ending('revoke', 'have the CA revoke it; OV and EV await the contact', '向 CA 申请吊销；OV、EV 须联系人确认')
    .option('--reason <reason>', say('such as keyCompromise or superseded', '原因，如 keyCompromise、superseded'))
    .option('--confirm', say("the contact's yes", '联系人确认吊销'))
    .option('--decline', say("the contact's no", '联系人拒绝吊销'))
    .action(bind<[string, RevokeOptions]>(run, revokeCommand))
  ending(
    'delete',
    'delete what is expired, revoked or uploaded, or was refused, and destroy its stored keys',
    '删除已过期、已吊销、上传或审核失败的证书，并销毁其私钥',
  )
    .option(
      '--without-refund',
      say('delete also when the money of a refused or revoked one does not come back', '即使不退款也删除审核失败或已吊销的证书'),
    )
    .action(bind<[string, CancelOptions]>(run, deleteCommand))
}

function addDownloadCommand(program: Command, run: Run, say: Say): void {
  program
    .command('download')
    .argument('<certificate>', certificateArgument(say))
    .description(
      say(
        'download a certificate as an archive for one kind of server, with its key where that is given out',
        '下载适用于某种服务器的证书压缩包；可下载私钥时包含私钥',
      ),
    )
    .addOption(
      new Option('--format <format>', say('for which server', '服务器类型'))
        .choices(downloadFormat.options)
        .makeOptionMandatory(),
    )
    .option('--out <path>', say('zip file, or folder; default: here', 'zip 文件或目录；默认当前目录'))
    .option('--unpack', say('write the files themselves, into a folder', '解压到目录'))
    .option('--certificate-only', say('without the private key', '不含私钥'))
    .option('--force', say('overwrite what is there', '覆盖已有文件'))
    .action(bind<[string, DownloadOptions]>(run, downloadCommand))
}

function addServerCommands(program: Command, run: Run, say: Say): void {
  program
    .command('serve')
    .description(
      say('run the service; its settings are in the environment (EVERCERT_…)', '运行服务；设置来自环境变量（EVERCERT_…）'),
    )
    .action(bind<[object]>(run, serveCommand))
}

function certificateArgument(say: Say): string {
  return say('id, unique beginning of an id, name or domain', '编号、编号的唯一前缀、名称或域名')
}
