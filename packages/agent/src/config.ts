/**
 * The agent's configuration: which sites of this host there are, where their files are, and which commands test and reload them. It is the
 * host's own: nothing in it can be changed from outside, and nothing outside it is ever run.
 *
 * @module
 */
import { lstatSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path/posix'
import { AgentError, type Say } from './language.ts'

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
  haproxy: { test: ['haproxy', '-c', '-q', '-f', '/etc/haproxy/haproxy.cfg'], reload: ['systemctl', 'reload', 'haproxy'] },
  files: { test: null, reload: null },
}

export const SITE_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/
const DEFAULT_TIMEOUT_SECONDS = 30
const DEFAULT_WAIT_SECONDS = 10

/** @throws AgentError when others than root could have written it, or a setting is wrong or unknown */
export function loadConfig(path: string, say: Say): AgentConfig {
  refuseForeignFile(path, say)
  return parseConfig(readFileSync(path, 'utf8'), path, say)
}

/** Who can write the file or its folder says what runs as us. */
function refuseForeignFile(path: string, say: Say): void {
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
    if (lstatSync(one).isSymbolicLink()) refuseForeignFile(dirname(one), say)
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
export function parseConfig(text: string, path: string, say: Say): AgentConfig {
  try {
    return toConfig(JSON.parse(text))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AgentError(say(`Reading ${path}: ${why}: correct it.`, `读取 ${path}：${why}。请修改。`), { cause })
  }
}

function toConfig(raw: unknown): AgentConfig {
  const root = objectOf(raw, 'config', ['server', 'caFile', 'stateFolder', 'discover', 'sites'])
  const discover = objectOf(root['discover'] ?? {}, 'discover', ['nginx', 'apache', 'haproxy'])
  const filesOf = (kind: DiscoveredKind) => textsOf(discover[kind], `discover.${kind}`) ?? DISCOVERED[kind]
  const sites = Object.entries(objectOf(root['sites'] ?? {}, 'sites', null)).map(([name, site]) => {
    if (!SITE_NAME.test(name)) throw new Error(`sites: ${JSON.stringify(name)} is no name: use letters, digits, dots, dashes`)
    return [name, toSite(site, `sites.${name}`)] as const
  })
  return {
    server: serviceUrl(textOf(root['server'], 'server')),
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
  if (server === undefined) throw new Error(`${at}.server: use one of ${SERVERS.join(', ')}`)
  const isOneFile = site['pemPath'] !== undefined
  if (isOneFile && (site['keyPath'] !== undefined || site['certificatePath'] !== undefined)) {
    throw new Error(`${at}: give certificatePath and keyPath, or pemPath alone`)
  }
  const certificatePath = isOneFile
    ? pathOf(site['pemPath'], `${at}.pemPath`)
    : pathOf(site['certificatePath'], `${at}.certificatePath`)
  const keyPath = isOneFile ? null : pathOf(site['keyPath'], `${at}.keyPath`)
  if (keyPath === certificatePath) throw new Error(`${at}: certificatePath and keyPath are one file: give pemPath instead`)
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
  if (server !== 'haproxy') throw new Error(`${at}.configPath: only haproxy takes it; give testCommand`)
  return { ...USUAL.haproxy, test: ['haproxy', '-c', '-q', '-f', pathOf(configPath, `${at}.configPath`)] }
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
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new Error(`${at}: an object is wanted`)
  const unknown = known === null ? [] : Object.keys(raw).filter((name) => !known.includes(name))
  if (unknown.length > 0)
    throw new Error(`${at}: there is no setting ${unknown.join(', ')}; known are ${known?.join(', ') ?? ''}`)
  return raw as Record<string, unknown>
}

function textOf(raw: unknown, at: string): string {
  if (typeof raw === 'string' && raw !== '' && !raw.includes('\0')) return raw
  throw new Error(`${at}: a text is wanted`)
}

function pathOf(raw: unknown, at: string): string {
  const path = textOf(raw, at)
  if (/^\/[^\0]*[^/\0]$/.test(path)) return path
  throw new Error(`${at}: an absolute path is wanted`)
}

function intOf(raw: unknown, at: string, max: number): number {
  if (Number.isInteger(raw) && (raw as number) >= 1 && (raw as number) <= max) return raw as number
  throw new Error(`${at}: a whole number from 1 to ${max} is wanted`)
}

function booleanOf(raw: unknown, at: string): boolean {
  if (typeof raw === 'boolean') return raw
  throw new Error(`${at}: true or false is wanted`)
}

function textsOf(raw: unknown, at: string): readonly string[] | null {
  if (raw === undefined) return null
  if (!Array.isArray(raw)) throw new Error(`${at}: a list is wanted`)
  return raw.map((each, index) => textOf(each, `${at}[${index}]`))
}

/** Null in the file: none, also where one is usual. */
function commandOf(raw: unknown, at: string, usual: readonly string[] | null): readonly string[] | null {
  if (raw === null) return null
  const command = textsOf(raw, at)
  if (command === null) return usual
  if (command.length === 0) throw new Error(`${at}: program and arguments are wanted`)
  return command
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/** Private keys and the credential go over it: https, unless it stays within the machine. @throws Error */
export function serviceUrl(text: string): string {
  const url = URL.parse === undefined ? new URL(text) : URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname)))) {
    return url.origin + url.pathname.replace(/\/$/, '')
  }
  throw new Error(`server: ${text}: an https address is wanted`)
}
