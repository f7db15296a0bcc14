/**
 * Enrolling this host: it draws its key and its credential, and tells the service the public key and a hash. Repeating it after a lost
 * answer gives the same agent.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path/posix'
import { callService } from './api.ts'
import { DEFAULT_STATE_FOLDER, findServiceUrl, loadConfig } from './config.ts'
import { AgentError, type Say } from './language.ts'
import { findProxyOf } from './proxy.ts'
import { drawIdentity, ensureFolder, findIdentity, storeIdentity, writeDurably } from './state.ts'
import { commandLine, UNIT_FILE, unitText } from './unit.ts'
import { VERSION } from './version.ts'

export interface EnrollOptions {
  readonly configPath: string
  readonly server: string
  readonly token: string
  readonly caFile: string | null
  /** Of the shell: `HTTPS_PROXY` and `NO_PROXY` go into the configuration, since the unit has another. */
  readonly env: NodeJS.ProcessEnv
  /** Null: that of the configuration which is there, or the usual. */
  readonly stateFolder: string | null
  /** Installs and starts the systemd unit, where there is systemd. */
  readonly start: boolean
}

const ANSWER_MS = 30_000

/** @returns lines for people */
export async function enroll(options: EnrollOptions, say: Say): Promise<readonly string[]> {
  const server = findServiceUrl(options.server)
  if (server === null) {
    throw new AgentError(
      say(
        `Enrolling: ${options.server}: an https address is wanted, since keys and the credential go over it: put TLS in front of the service.`,
        `注册：${options.server}：私钥与凭据将经此传输，应为 https 地址，请在服务前启用 TLS。`,
      ),
    )
  }
  // The token is good once: whatever this host can refuse is found before.
  const place = findPlace(options, server, say)
  const { stateFolder, caFile, proxy } = place
  const known = findIdentity(stateFolder)
  if (known !== null && known.id !== null && known.server === server) {
    throw new AgentError(
      say(
        `Enrolling: this host is agent ${known.name ?? ''} of ${server} already. To enrol it anew, remove ${stateFolder}/identity.json.`,
        `注册：本机已是 ${server} 的代理 ${known.name ?? ''}。如需重新注册，请删除 ${stateFolder}/identity.json。`,
      ),
    )
  }
  // Stored before it is told: the same again after a lost answer.
  const identity = known?.server === server ? known : drawIdentity(server)
  storeIdentity(stateFolder, identity)
  const answer = await callService(
    { server, caFile, proxy },
    {
      path: '/agents/enrol',
      body: {
        token: options.token,
        publicKeyPem: identity.publicKeyPem,
        credentialSha256: createHash('sha256').update(identity.credential).digest('hex'),
        hostName: hostname(),
        version: VERSION,
      },
      credential: null,
      timeoutMs: ANSWER_MS,
    },
  )
  const { id, name } = answer as { readonly id?: unknown; readonly name?: unknown }
  if (typeof id !== 'string' || typeof name !== 'string') throw new AgentError('the service answered without an id')
  if (!place.hasConfig) writeConfig(options.configPath, { server, ...place })
  storeIdentity(stateFolder, { ...identity, id, name })
  const enrolled = say(
    `This host is agent ${name} (${id}). Its configuration is ${options.configPath}.`,
    `本机已注册为代理 ${name}（${id}），配置文件为 ${options.configPath}。`,
  )
  return [enrolled, ...(options.start ? startUnit(options, say) : nextSteps(say))]
}

interface Place {
  readonly stateFolder: string
  readonly caFile: string | null
  readonly proxy: string | null
  readonly hasConfig: boolean
}

/** Where everything of this host is kept; a configuration that is there stays. @throws AgentError when it is another's, or something cannot be written or read */
function findPlace(options: EnrollOptions, server: string, say: Say): Place {
  const { configPath, stateFolder, env } = options
  const hasConfig = existsSync(configPath)
  const found = hasConfig ? loadConfig(configPath, say) : null
  if (found !== null && (found.server !== server || (stateFolder !== null && found.stateFolder !== stateFolder))) {
    throw new AgentError(
      say(
        `Enrolling: ${configPath} names ${found.server} and ${found.stateFolder}: correct or remove it.`,
        `注册：${configPath} 指向 ${found.server} 和 ${found.stateFolder}，请修改或删除该文件。`,
      ),
    )
  }
  const place = {
    stateFolder: found?.stateFolder ?? stateFolder ?? DEFAULT_STATE_FOLDER,
    caFile: options.caFile ?? found?.caFile ?? null,
    proxy: found?.proxy ?? findProxyOf(server, env),
    hasConfig,
  }
  ensurePossible(options, place, say)
  return place
}

/** @throws AgentError */
function ensurePossible({ configPath, start }: EnrollOptions, { stateFolder, caFile, hasConfig }: Place, say: Say): void {
  const folders = [stateFolder, ...(hasConfig ? [] : [dirname(configPath)])]
  try {
    for (const folder of folders) ensureFolder(folder)
    for (const folder of [...folders, ...(start && hasSystemd() ? [dirname(UNIT_FILE)] : [])])
      accessSync(`${folder}/.`, constants.W_OK)
    if (caFile !== null) accessSync(caFile, constants.R_OK)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AgentError(
      say(
        `Enrolling: ${why}: nothing was sent: correct it, then run it again.`,
        `注册：${why}：尚未发送任何内容，请更正后重试。`,
      ),
      { cause },
    )
  }
}

const hasSystemd = (): boolean => existsSync('/run/systemd/system')

function writeConfig(
  configPath: string,
  { server, caFile, proxy, stateFolder }: Omit<Place, 'hasConfig'> & { readonly server: string },
): void {
  const isUsual = stateFolder === DEFAULT_STATE_FOLDER
  const config = {
    server,
    ...(caFile !== null && { caFile }),
    ...(proxy !== null && { proxy }),
    ...(!isUsual && { stateFolder }),
    sites: {},
  }
  const hasPassword = proxy !== null && new URL(proxy).password !== ''
  writeDurably(configPath, `${JSON.stringify(config, null, 2)}\n`, hasPassword ? 0o600 : 0o644)
}

function nextSteps(say: Say): readonly string[] {
  return [
    say(
      `Next: evercert-agent adopt; evercert-agent unit > ${UNIT_FILE} && systemctl enable --now evercert-agent`,
      `下一步：evercert-agent adopt；evercert-agent unit > ${UNIT_FILE} && systemctl enable --now evercert-agent`,
    ),
  ]
}

function startUnit({ configPath }: EnrollOptions, say: Say): readonly string[] {
  const facts = { node: process.execPath, program: resolve(process.argv[1] ?? ''), configPath: resolve(configPath) }
  if (!hasSystemd()) {
    return [
      say(
        'There is no systemd here: let what starts services here start this, as root:',
        '本机没有 systemd：请由本机的服务管理程序以 root 身份启动：',
      ),
      `  ${commandLine(facts)}`,
    ]
  }
  writeDurably(UNIT_FILE, unitText(facts), 0o644)
  for (const args of [['daemon-reload'], ['enable', '--now', 'evercert-agent']]) {
    const { status, stderr } = spawnSync('systemctl', args, { encoding: 'utf8' })
    if (status === 0) continue
    throw new AgentError(
      say(
        `Starting the unit: systemctl ${args.join(' ')}: ${stderr.trim()}: see "systemctl status evercert-agent".`,
        `启动服务：systemctl ${args.join(' ')}：${stderr.trim()}。请查看 “systemctl status evercert-agent”。`,
      ),
    )
  }
  return [
    say(
      'It runs (systemctl status evercert-agent). Next: evercert-agent adopt',
      '代理已运行（systemctl status evercert-agent）。下一步：evercert-agent adopt',
    ),
  ]
}
