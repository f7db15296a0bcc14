/**
 * The agent's configuration: which sites of this host there are, where their files are, and which commands test and reload them. It is the
 * host's own: nothing in it can be changed from outside, and nothing outside it is ever run.
 *
 * @module
 */
import { lstatSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path/posix'
import { AgentError, type Say } from './language.ts'
import { findProxyOf, findProxyUrl } from './proxy.ts'

export const DEFAULT_CONFIG = '/etc/evercert-agent/config.json'
export const DEFAULT_STATE_FOLDER = '/var/lib/evercert-agent'

export const SERVERS = ['nginx', 'apache', 'haproxy', 'files'] as const
export type ServerKind = (typeof SERVERS)[number]
export type DiscoveredKind = Exclude<ServerKind, 'files'>

export interface ProbeConfig {
  readonly address: string
  readonly port: number
  readonly serverName: string
  /** Servers end their old workers slowly: how long the new certificate may take to be served. */
  readonly waitSeconds: number
}

export interface SiteConfig {
  readonly server: ServerKind
  /** Chain, or chain and key in one file where `keyPath` is null. */
  readonly certificatePath: string
  readonly keyPath: string | null
  /** Program and arguments; null: none. */
  readonly testCommand: readonly string[] | null
  readonly reloadCommand: readonly string[] | null
  readonly commandTimeoutSeconds: number
  /** The key is made here, and one that comes from the service is refused. */
  readonly keyOnHost: boolean
  /** Where this host itself looks after a reload; null: nowhere. */
  readonly probe: ProbeConfig | null
}

export interface AgentConfig {
  readonly server: string
  /** PEM roots for the service's own certificate; null: the system's. */
  readonly caFile: string | null
  /** Of HTTP, to the service; null: straight there. */
  readonly proxy: string | null
  readonly stateFolder: string
  /** Configuration files to look into, by the kind of server. */
  readonly discover: Readonly<Record<DiscoveredKind, readonly string[]>>
  readonly sites: Readonly<Record<string, SiteConfig>>
}

export const DISCOVERED: AgentConfig['discover'] = {
  nginx: ['/etc/nginx/nginx.conf'],
  apache: ['/etc/apache2/apache2.conf', '/etc/httpd/conf/httpd.conf'],
  haproxy: ['/etc/haproxy/haproxy.cfg'],
}

interface Commands {
  readonly test: readonly string[] | null
  readonly reload: readonly string[] | null
}

const USUAL: Readonly<Record<ServerKind, Commands>> = {
  nginx: { test: ['nginx', '-t', '-q'], reload: ['nginx', '-s', 'reload'] },
  apache: { test: ['apachectl', 'configtest'], reload: ['apachectl', 'graceful'] },
  haproxy: { test: ['haproxy', '-c', '-f', '/etc/haproxy/haproxy.cfg'], reload: ['systemctl', 'reload', 'haproxy'] },
  files: { test: null, reload: null },
}

export const SITE_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/
const DEFAULT_TIMEOUT_SECONDS = 30
const DEFAULT_WAIT_SECONDS = 10

/** @throws AgentError when others than root could have written it, or a setting is wrong or unknown */
export function loadConfig(path: string, say: Say): AgentConfig {
  ensureOwn(path, say)
  return parseConfig(readFileSync(path, 'utf8'), path, say, process.env)
}

/** Who can write the file or its folder says what runs as us. @throws AgentError */
export function ensureOwn(path: string, say: Say): void {
  for (const one of [path, dirname(path)]) {
    const stats = find(one, path, say)
    const isOurs = stats.uid === 0 || stats.uid === process.geteuid?.()
    if (isOurs && (stats.mode & 0o022) === 0) continue
    throw new AgentError(
      say(
        `Reading ${path}: others than root may change ${one}, and so what this agent runs: chown root:root ${one} && chmod go-w ${one}`,
        `读取 ${path}：root 以外的用户可以修改 ${one}，从而决定代理执行的命令：chown root:root ${one} && chmod go-w ${one}`,
      ),
    )
  }
}

function find(one: string, path: string, say: Say) {
  try {
    if (lstatSync(one).isSymbolicLink()) ensureOwn(dirname(one), say)
    return statSync(one)
  } catch (cause) {
    if (cause instanceof AgentError) throw cause
    throw new AgentError(
      say(
        `Reading ${path}: it cannot be read: enrol first ("evercert agent enroll" at the service prints the command), or give --config.`,
        `读取 ${path}：无法读取。请先注册（在服务端运行 “evercert agent enroll” 获取命令），或使用 --config 指定。`,
      ),
      { cause },
    )
  }
}

/** @throws AgentError naming what is wrong */
export function parseConfig(text: string, path: string, say: Say, env: NodeJS.ProcessEnv = {}): AgentConfig {
  try {
    return toConfig(parseJson(text), env)
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause
    const { at, en, zh } = cause
    throw new AgentError(say(`Reading ${path}: ${at}: ${en}: correct it.`, `读取 ${path}：${at}：${zh}，请修改。`), { cause })
  }
}

/** What is wrong, and at which setting. */
class Fault extends Error {
  override readonly name = 'Fault'
  readonly at: string
  readonly en: string
  readonly zh: string

  constructor(at: string, en: string, zh: string) {
    super(`${at}: ${en}`)
    this.at = at
    this.en = en
    this.zh = zh
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('config', 'it is no JSON', '不是有效的 JSON')
  }
}

function toConfig(raw: unknown, env: NodeJS.ProcessEnv): AgentConfig {
  const root = objectOf(raw, 'config', ['server', 'caFile', 'proxy', 'stateFolder', 'discover', 'sites'])
  const discover = objectOf(root['discover'] ?? {}, 'discover', ['nginx', 'apache', 'haproxy'])
  const filesOf = (kind: DiscoveredKind) => textsOf(discover[kind], `discover.${kind}`) ?? DISCOVERED[kind]
  const sites = Object.entries(objectOf(root['sites'] ?? {}, 'sites', null)).map(([name, site]) => {
    if (!SITE_NAME.test(name))
      throw new Fault(
        `sites.${JSON.stringify(name)}`,
        'it is no name; use letters, digits, dots, dashes',
        '名称只能包含字母、数字、点和连字符',
      )
    return [name, toSite(site, `sites.${name}`)] as const
  })
  const server = serviceUrl(textOf(root['server'], 'server'))
  return {
    server,
    proxy: root['proxy'] === undefined ? findProxyOf(server, env) : proxyOf(root['proxy']),
    caFile: root['caFile'] === undefined ? null : pathOf(root['caFile'], 'caFile'),
    stateFolder: root['stateFolder'] === undefined ? DEFAULT_STATE_FOLDER : pathOf(root['stateFolder'], 'stateFolder'),
    discover: { nginx: filesOf('nginx'), apache: filesOf('apache'), haproxy: filesOf('haproxy') },
    sites: Object.fromEntries(sites),
  }
}

const SITE_FIELDS = [
  'server',
  'certificatePath',
  'keyPath',
  'pemPath',
  'configPath',
  'testCommand',
  'reloadCommand',
  'commandTimeoutSeconds',
  'keyOnHost',
  'probe',
] as const

function toSite(raw: unknown, at: string): SiteConfig {
  const site = objectOf(raw, at, SITE_FIELDS)
  const server = SERVERS.find((kind) => kind === site['server'])
  if (server === undefined) throw new Fault(`${at}.server`, `use one of ${SERVERS.join(', ')}`, `可选值为 ${SERVERS.join('、')}`)
  const isOneFile = site['pemPath'] !== undefined
  if (isOneFile && (site['keyPath'] !== undefined || site['certificatePath'] !== undefined)) {
    throw new Fault(
      at,
      'give certificatePath and keyPath, or pemPath alone',
      '请设置 certificatePath 与 keyPath，或仅设置 pemPath',
    )
  }
  const certificatePath = isOneFile
    ? pathOf(site['pemPath'], `${at}.pemPath`)
    : pathOf(site['certificatePath'], `${at}.certificatePath`)
  const keyPath = isOneFile ? null : pathOf(site['keyPath'], `${at}.keyPath`)
  if (keyPath === certificatePath)
    throw new Fault(
      at,
      'certificatePath and keyPath are one file; give pemPath instead',
      'certificatePath 与 keyPath 是同一文件，应改用 pemPath',
    )
  const usual = usualCommands(server, site['configPath'], at)
  return {
    server,
    certificatePath,
    keyPath,
    testCommand: commandOf(site['testCommand'], `${at}.testCommand`, usual.test),
    reloadCommand: commandOf(site['reloadCommand'], `${at}.reloadCommand`, usual.reload),
    commandTimeoutSeconds: intOf(site['commandTimeoutSeconds'] ?? DEFAULT_TIMEOUT_SECONDS, `${at}.commandTimeoutSeconds`, 600),
    keyOnHost: booleanOf(site['keyOnHost'] ?? false, `${at}.keyOnHost`),
    probe: site['probe'] === undefined ? null : toProbe(site['probe'], `${at}.probe`),
  }
}

function usualCommands(server: ServerKind, configPath: unknown, at: string): Commands {
  if (configPath === undefined) return USUAL[server]
  if (server !== 'haproxy')
    throw new Fault(
      `${at}.configPath`,
      'only haproxy takes it; give testCommand',
      '仅适用于 haproxy，其他服务器应设置 testCommand',
    )
  return { ...USUAL.haproxy, test: ['haproxy', '-c', '-f', pathOf(configPath, `${at}.configPath`)] }
}

function toProbe(raw: unknown, at: string): ProbeConfig {
  const probe = objectOf(raw, at, ['address', 'port', 'serverName', 'waitSeconds'])
  return {
    address: probe['address'] === undefined ? '127.0.0.1' : textOf(probe['address'], `${at}.address`),
    port: intOf(probe['port'] ?? 443, `${at}.port`, 65_535),
    serverName: textOf(probe['serverName'], `${at}.serverName`),
    waitSeconds: intOf(probe['waitSeconds'] ?? DEFAULT_WAIT_SECONDS, `${at}.waitSeconds`, 120),
  }
}

function objectOf(raw: unknown, at: string, known: readonly string[] | null): Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Fault(at, 'an object is wanted', '应为对象')
  const unknown = known === null ? [] : Object.keys(raw).filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    const [given, all] = [unknown.join(', '), known?.join(', ') ?? '']
    throw new Fault(at, `there is no setting ${given}; known are ${all}`, `没有设置项 ${given}，可用的有 ${all}`)
  }
  return raw as Record<string, unknown>
}

function textOf(raw: unknown, at: string): string {
  if (typeof raw === 'string' && raw !== '' && !raw.includes('\0')) return raw
  throw new Fault(at, 'a text is wanted', '应为文本')
}

function pathOf(raw: unknown, at: string): string {
  const path = textOf(raw, at)
  if (/^\/[^\0]*[^/\0]$/.test(path)) return path
  throw new Fault(at, 'an absolute path is wanted', '应为绝对路径')
}

function intOf(raw: unknown, at: string, max: number): number {
  if (Number.isInteger(raw) && (raw as number) >= 1 && (raw as number) <= max) return raw as number
  throw new Fault(at, `a whole number from 1 to ${max} is wanted`, `应为 1 至 ${max} 的整数`)
}

function booleanOf(raw: unknown, at: string): boolean {
  if (typeof raw === 'boolean') return raw
  throw new Fault(at, 'true or false is wanted', '应为 true 或 false')
}

function textsOf(raw: unknown, at: string): readonly string[] | null {
  if (raw === undefined) return null
  if (!Array.isArray(raw)) throw new Fault(at, 'a list is wanted', '应为列表')
  return raw.map((each, index) => textOf(each, `${at}[${index}]`))
}

/** Null in the file: none, also where one is usual. */
function commandOf(raw: unknown, at: string, usual: readonly string[] | null): readonly string[] | null {
  if (raw === null) return null
  const command = textsOf(raw, at)
  if (command === null) return usual
  if (command.length === 0) throw new Fault(at, 'program and arguments are wanted', '应包含程序与参数')
  return command
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/** Null when it is none that private keys and the credential may go over: https, unless it stays within the machine. */
export function findServiceUrl(text: string): string | null {
  try {
    const url = new URL(text)
    const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname))
    return isSafe ? url.origin + url.pathname.replace(/\/$/, '') : null
  } catch {
    return null // no address at all
  }
}

/** Null in the file: none, also where the environment has one. */
function proxyOf(raw: unknown): string | null {
  if (raw === null) return null
  const url = findProxyUrl(textOf(raw, 'proxy'))
  if (url !== null) return url
  throw new Fault('proxy', 'an address as http://proxy.example:3128 is wanted', '应为形如 http://proxy.example:3128 的地址')
}

function serviceUrl(text: string): string {
  const url = findServiceUrl(text)
  if (url !== null) return url
  throw new Fault('server', 'an https address is wanted', '应为 https 地址')
}
