/**
 * `evercert-agent`: its commands.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path/posix'
import { parseArgs } from 'node:util'
import { adopt, isAdoptable, whyNot, type Adopted } from './adopt.ts'
import { printable, ServiceProblem } from './api.ts'
import { DEFAULT_CONFIG, loadConfig } from './config.ts'
import { discover, type Found } from './discover/discover.ts'
import { enroll } from './enroll.ts'
import { KEY_KINDS, requestCertificate } from './host-keys.ts'
import { AgentError, createSay, type Say } from './language.ts'
import { run } from './run.ts'
import { findIdentity } from './state.ts'
import { commandLine, unitText } from './unit.ts'
import { VERSION } from './version.ts'

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  server: { type: 'string' },
  token: { type: 'string' },
  'ca-file': { type: 'string' },
  'state-folder': { type: 'string' },
  start: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  name: { type: 'string' },
  domain: { type: 'string', multiple: true, default: [] as string[] },
  key: { type: 'string', default: 'p256' },
  json: { type: 'boolean', default: false },
  command: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

interface Invocation {
  readonly values: ReturnType<typeof parse>['values']
  readonly words: readonly string[]
  readonly say: Say
}

const parse = (args: string[]) => parseArgs({ args, options: OPTIONS, allowPositionals: true })

const print = (...lines: readonly string[]): void => void process.stdout.write(lines.map((line) => `${line}\n`).join(''))

function usage(say: Say): string {
  return say(
    `evercert-agent ${VERSION}

  enroll --server <url> --token <token> [--ca-file <pem>] [--start]
                         make this host an agent of an Evercert; --token - reads it from stdin
  discover [--json]      certificates that nginx, apache and haproxy of this host use
  adopt [<certificate path> [--name <site>] | --all]
                         make them sites of the agent; without a path: show what can be
  csr <site> [--domain <name>]... [--key p256]
                         make a key here, keep it, and store its CSR at the service
  run                    do the service's work (the systemd unit runs this)
  unit [--command]       print the systemd unit; --command: the line that it runs, for hosts without systemd

  --config <file>        default ${DEFAULT_CONFIG}`,
    `evercert-agent ${VERSION}

  enroll --server <地址> --token <令牌> [--ca-file <pem>] [--start]
                         将本机注册为 Evercert 的代理；--token - 从标准输入读取
  discover [--json]      列出本机 nginx、apache、haproxy 使用的证书
  adopt [<证书路径> [--name <站点>] | --all]
                         将其设为代理的站点；不带路径时列出可接管的证书
  csr <站点> [--domain <域名>]... [--key p256]
                         在本机生成并保存私钥，仅将 CSR 提交到服务端
  run                    执行服务端的任务（由 systemd 单元运行）
  unit [--command]       输出 systemd 单元；--command 输出其启动命令，用于没有 systemd 的主机

  --config <文件>        默认 ${DEFAULT_CONFIG}`,
  )
}

const COMMANDS: Readonly<Record<string, (invocation: Invocation) => Promise<number> | number>> = {
  enroll: enrollCommand,
  discover: discoverCommand,
  adopt: adoptCommand,
  csr: csrCommand,
  run: runCommand,
  unit: unitCommand,
}

async function enrollCommand({ values, say }: Invocation): Promise<number> {
  const { server, token } = values
  if (server === undefined || token === undefined) {
    throw new AgentError(say('Enrolling: --server and --token are wanted.', '注册：需要 --server 和 --token。'))
  }
  const lines = await enroll(
    {
      configPath: values.config,
      server,
      token: token === '-' ? readFileSync(0, 'utf8').trim() : token,
      caFile: values['ca-file'] ?? null,
      stateFolder: values['state-folder'] ?? null,
      start: values.start,
      env: process.env,
    },
    say,
  )
  print(...lines)
  return 0
}

function discoverCommand({ values, say }: Invocation): number {
  const { findings, faults } = discover(loadConfig(values.config, say))
  if (values.json) print(JSON.stringify({ findings, faults }, null, 2))
  else {
    if (findings.length === 0) {
      print(
        say(
          'No configuration of this host names a certificate. Others than the usual files: "discover" in the configuration.',
          '本机的配置未引用任何证书。如配置文件不在默认位置，请在代理配置的 “discover” 中指定。',
        ),
      )
    }
    for (const finding of findings) print(...linesOf(finding, say))
    for (const fault of faults) process.stderr.write(`${say('Not read', '未读取')}: ${printable(fault)}\n`)
  }
  return 0
}

function linesOf(finding: Found, say: Say): readonly string[] {
  const { server, file, line, certificatePath, sha256, notAfter, serverNames, domains, site } = finding
  const names = serverNames.length > 0 ? serverNames : domains
  const state = site === null ? say('not adopted', '未接管') : `${say('site', '站点')} ${site}`
  const facts =
    whyNot(finding, say) ?? `${sha256?.slice(0, 16) ?? ''}…  ${say('until', '有效期至')} ${notAfter?.slice(0, 10) ?? ''}`
  return [
    printable(`${certificatePath}  (${server}, ${state})`),
    printable(`  ${facts}  ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` +${names.length - 5}` : ''}`),
    printable(`  ${file}:${line}`),
  ]
}

function adoptCommand({ values, words, say }: Invocation): number {
  const [certificatePath] = words
  const config = loadConfig(values.config, say)
  if (certificatePath === undefined && !values.all) {
    const { findings } = discover(config)
    for (const finding of findings.filter((one) => one.site === null)) {
      print(
        ...linesOf(finding, say),
        isAdoptable(finding) ? `  evercert-agent adopt ${finding.certificatePath}` : `  ${say('cannot be adopted', '无法接管')}`,
      )
    }
    if (findings.every(({ site }) => site !== null)) print(say('Nothing is left to adopt.', '没有可接管的证书。'))
    return 0
  }
  const adopted = adopt({ configPath: values.config, certificatePath: certificatePath ?? null, name: values.name ?? null }, say)
  if (adopted.length === 0) print(say('Nothing is left to adopt.', '没有可接管的证书。'))
  const agent = findIdentity(config.stateFolder)?.name ?? '<agent>'
  for (const one of adopted) print(...adoptedLines(one, agent, say))
  return 0
}

function adoptedLines({ name, finding }: Adopted, agent: string, say: Say): readonly string[] {
  const settings = JSON.stringify({ agent, site: name })
  return [
    say(
      `Site ${name}: ${finding.certificatePath}. Look at its commands in the configuration, then, at the service:`,
      `站点 ${name}：${finding.certificatePath}。请检查配置中的命令，然后在服务端执行：`,
    ),
    `  evercert targets add --certificate <certificate> --name ${agent}-${name} --kind agent --config '${settings}'`,
  ]
}

async function csrCommand({ values, words, say }: Invocation): Promise<number> {
  const [site] = words
  const key = KEY_KINDS.find((kind) => kind === values.key)
  if (site === undefined || key === undefined) {
    throw new AgentError(
      say(
        `Making a CSR: a site is wanted, and --key ${KEY_KINDS.join(', ')}.`,
        `生成 CSR：需要站点名称，--key 可为 ${KEY_KINDS.join('、')}。`,
      ),
    )
  }
  const { id, name } = await requestCertificate({ configPath: values.config, site, domains: values.domain, key }, say)
  print(
    say(
      `The key stays here. Its CSR is "${printable(name)}" at the service; there:`,
      `私钥保留在本机。服务端的 CSR 为 “${printable(name)}”，请在服务端执行：`,
    ),
    `  evercert apply <certificate> --csr-id ${printable(id)}`,
  )
  return 0
}

async function runCommand({ values, say }: Invocation): Promise<number> {
  const ending = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ending.abort())
  const log = (line: string): void => void process.stderr.write(`${printable(line)}\n`)
  await run({ configPath: values.config, say, log, signal: ending.signal })
  return 0
}

function unitCommand({ values }: Invocation): number {
  const facts = { node: process.execPath, program: resolve(process.argv[1] ?? ''), configPath: resolve(values.config) }
  process.stdout.write(values.command ? `${commandLine(facts)}\n` : unitText(facts))
  return 0
}

const EXIT_USAGE = 64 // EX_USAGE of sysexits.h

async function main(args: string[]): Promise<number> {
  const say = createSay(process.env)
  try {
    const { values, positionals } = parse(args)
    const [name = '', ...words] = positionals
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (command !== undefined && !values.help) return await command({ values, words, say })
    print(usage(say))
    return values.help || name === 'help' ? 0 : EXIT_USAGE
  } catch (error) {
    const isSaid = error instanceof AgentError || error instanceof ServiceProblem
    process.stderr.write(`evercert-agent: ${printable(error instanceof Error ? error.message : String(error))}\n`)
    if (!isSaid && error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) return EXIT_USAGE
    return 1
  }
}

// Not awaited at the top: the built file is CommonJS, since it has no extension on a host, and every Node takes that.
void main(process.argv.slice(2)).then((code) => (process.exitCode = code))
