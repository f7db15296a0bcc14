/**
 * The command line: its commands and options, and how failures become exit codes.
 *
 * @module
 */
import { Command, CommanderError, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { addAgentCommands } from './agent-commands.ts'
import { addApplicantCommands, type Bind } from './applicant-commands.ts'
import { addApprovalCommands } from './approval-commands.ts'
import { addBackupCommands } from './backup-commands.ts'
import { addAuditCommands } from './audit-commands.ts'
import { addCatalogueCommands } from './catalogue-commands.ts'
import { addDownloadCommand, addListCommands, addOverviewCommands } from './certificate-commands.ts'
import { addConnectionCommands } from './connection-commands.ts'
import { serveCommand } from './commands/serve.ts'
import { exitCodeOf, EXIT_USAGE, failure, formatProblem, Interrupted, problemJson, shownOf } from './failure.ts'
import { addEndingCommands } from './ending-commands.ts'
import { addEndpointCommands } from './endpoint-commands.ts'
import { addIssuerCommands } from './issuer-commands.ts'
import { createSay, detectLanguage, type Language, type Say } from './language.ts'
import { addKeyCommands } from './key-commands.ts'
import { addNameCommands } from './name-commands.ts'
import { addNoticeCommands } from './notice-commands.ts'
import { createPaint } from './output.ts'
import { addPaymentCommands } from './payment-commands.ts'
import { addManageCommand, addRenewalCommands } from './renewal-commands.ts'
import { addTargetCommands } from './target-commands.ts'
import { addProofCommands } from './proof-commands.ts'
import { addSignInProviderCommands } from './sign-in-provider-commands.ts'
import { complaintZh, HELP_ZH } from './usage-words.ts'
import { addUserCommands } from './user-commands.ts'
import { createSession, type GlobalOptions, type Session, type Shell } from './session.ts'

const EXIT_INTERRUPTED = 130
const INTERRUPTED = { en: 'Running the command: it was interrupted: run it again.', zh: '运行命令：已中断，请重新运行。' }

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
  const shown = shownOf(wrongUsage ? toUsageFailure(error) : error, session?.calledUrl() ?? null)
  const lines = argv.includes('--json')
    ? [problemJson(shown.problem)]
    : formatProblem(shown, language, createPaint(shell.stderr, shell.env))
  shell.stderr.write(`${lines.join('\n')}\n`)
  return wrongUsage ? EXIT_USAGE : exitCodeOf(error)
}

/** Such as `evercert contacts`: which of its commands is meant? */
function isGroupAlone(error: unknown): boolean {
  return error instanceof CommanderError && error.code === 'commander.help'
}

function toUsageFailure(error: CommanderError): Error {
  const said = error.message.replace(/^error: /, '')
  const [en, zh] = isGroupAlone(error)
    ? ['one of its commands has to be named', '请指定其中一个命令。']
    : [said, `${complaintZh(said)}。`]
  return failure(
    'invalid',
    { en: `Reading the command line: ${en}`, zh: `读取命令行：${zh}` },
    {
      title: 'The command line is not understood',
      cause: { en: 'There is no such command, option or value.', zh: '命令、选项或参数有误。' },
      remedy: { en: 'See "evercert --help".', zh: '请查看 “evercert --help”。' },
    },
  )
}

type Action<Arguments extends unknown[]> = (session: Session, ...args: Arguments) => Promise<number>

/** Hands the command's own arguments and options on, with a session made from the global ones. */
function bindTo<Arguments extends unknown[]>(run: Run, action: Action<Arguments>) {
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

/** In the order in which the help lists them. */
const PARTS: readonly ((program: Command, bind: Bind, say: Say, env: NodeJS.ProcessEnv) => void)[] = [
  addOverviewCommands,
  addPaymentCommands,
  addTargetCommands,
  addEndpointCommands,
  addAgentCommands,
  addCatalogueCommands,
  addIssuerCommands,
  addNameCommands,
  addUserCommands,
  addSignInProviderCommands,
  addListCommands,
  addRenewalCommands,
  addNoticeCommands,
  addConnectionCommands,
  addManageCommand,
  addEndingCommands,
  addDownloadCommand,
  addApplicantCommands,
  addApprovalCommands,
  addProofCommands,
  addBackupCommands,
  addAuditCommands,
  addKeyCommands,
  addServeCommand,
]

function createProgram(run: Run): Command {
  const say = createSay(run.language)
  const program = new Command('evercert')
    .description(say('Renews SSL certificates and proves that the new one is served', '续费 SSL 证书，并证明新证书已生效'))
    .version(packageJson.version, '-V, --version', say('print the version', '显示版本'))
    .exitOverride()
    .helpOption('-h, --help', say('display help for command', '显示帮助'))
    .helpCommand('help [command]', say('display help for command', '显示命令的帮助'))
    .configureHelp({
      ...(run.language === 'zh' && HELP_ZH),
      showGlobalOptions: true,
      styleTitle: (title) => say(title, HELP_TITLES[title] ?? title),
    })
    .configureOutput({
      writeOut: (text) => run.shell.stdout.write(text),
      writeErr: (text) => {
        run.complaint = text // thrown as well, and shown with its remedy
      },
    })
  addGlobalOptions(program, say)
  const bind: Bind = (action) => bindTo(run, action)
  for (const add of PARTS) add(program, bind, say, run.shell.env)
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

function addServeCommand(program: Command, bind: Bind, say: Say): void {
  program
    .command('serve')
    .description(
      say('run the service; its settings are in the environment (EVERCERT_…)', '运行服务；设置来自环境变量（EVERCERT_…）'),
    )
    .action(bind<[object]>(serveCommand))
}
