/**
 * Adopting: a certificate that a server of this host uses becomes a site of the agent, with the paths that it has. Root does it here; the
 * service cannot.
 *
 * @module
 */
import { readFileSync, statSync } from 'node:fs'
import { FINDING_PROBLEMS } from '@evercert/contract/agent-problems'
import { basename } from 'node:path/posix'
import { loadConfig, parseConfig, SITE_NAME } from './config.ts'
import { discover, type Found } from './discover/discover.ts'
import { AgentError, type Say } from './language.ts'
import { writeDurably } from './state.ts'

export interface AdoptOptions {
  readonly configPath: string
  /** A path of a certificate, or null: all that can be. */
  readonly certificatePath: string | null
  /** Of the site; null: after its first name. */
  readonly name: string | null
}

export interface Adopted {
  readonly name: string
  readonly finding: Found
}

/** Writes the sites into the configuration, in one step, and gives them. @throws AgentError */
export function adopt({ configPath, certificatePath, name }: AdoptOptions, say: Say): readonly Adopted[] {
  const config = loadConfig(configPath, say)
  const { findings } = discover(config)
  const wanted = certificatePath === null ? findings.filter(isAdoptable) : [findOne(findings, certificatePath, say)]
  const taken = new Set(Object.keys(config.sites))
  const adopted: Adopted[] = []
  for (const finding of wanted) {
    const own = name ?? freeName(finding, taken)
    if (taken.has(own) || !SITE_NAME.test(own)) {
      throw new AgentError(
        say(
          `Adopting: the name ${own} is taken or no name: give another with --name.`,
          `接管：名称 ${own} 已被占用或不可用，请用 --name 指定其他名称。`,
        ),
      )
    }
    taken.add(own)
    adopted.push({ name: own, finding })
  }
  if (adopted.length > 0) store(configPath, adopted, say)
  return adopted
}

export function isAdoptable(finding: Found): boolean {
  return finding.site === null && whyNot(finding, (en) => en) === null
}

/** Why a certificate cannot be a site; null when it can. */
export function whyNot({ problem, keyPath, server }: Found, say: Say): string | null {
  if (problem !== null) return say(FINDING_PROBLEMS[problem].en, FINDING_PROBLEMS[problem].zh)
  return keyPath === null && server !== 'haproxy' ? say('the configuration names no key for it', '配置中没有对应的私钥') : null
}

function findOne(findings: readonly Found[], path: string, say: Say): Found {
  const finding = findings.find((one) => one.certificatePath === path)
  if (finding === undefined) {
    throw new AgentError(
      say(
        `Adopting ${path}: no configuration names it: see evercert-agent discover.`,
        `接管 ${path}：没有配置引用该文件，请查看 evercert-agent discover。`,
      ),
    )
  }
  const reason =
    finding.site === null ? whyNot(finding, say) : say(`it is site ${finding.site} already`, `已是站点 ${finding.site}`)
  if (reason === null) return finding
  throw new AgentError(say(`Adopting ${path}: ${reason}.`, `接管 ${path}：${reason}。`))
}

function freeName({ serverNames, domains, certificatePath }: Found, taken: ReadonlySet<string>): string {
  const wanted =
    [...serverNames, ...domains].find((one) => SITE_NAME.test(one)) ?? basename(certificatePath).replace(/\.\w+$/, '')
  const clean =
    wanted
      .replaceAll(/[^A-Za-z0-9.-]+/g, '-')
      .replaceAll(/^[.-]+|[.-]+$/g, '')
      .slice(0, 100) || 'site'
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? clean : `${clean}-${count}`
    if (!taken.has(name)) return name
  }
}

function store(configPath: string, adopted: readonly Adopted[], say: Say): void {
  const raw = JSON.parse(readFileSync(configPath, 'utf8')) as { sites?: Record<string, unknown> }
  const sites = { ...raw.sites, ...Object.fromEntries(adopted.map(({ name, finding }) => [name, toSite(finding)])) }
  const text = `${JSON.stringify({ ...raw, sites }, null, 2)}\n`
  parseConfig(text, configPath, say)
  writeDurably(configPath, text, statSync(configPath).mode & 0o777)
}

function toSite({ server, configPath, certificatePath, keyPath, serverNames, domains, port }: Found): object {
  const serverName = [...serverNames, ...domains].find((one) => /^[A-Za-z0-9.-]+$/.test(one))
  return {
    server,
    ...(keyPath === null ? { pemPath: certificatePath } : { certificatePath, keyPath }),
    ...(server === 'haproxy' && { configPath }),
    ...(serverName !== undefined && { probe: { address: '127.0.0.1', port: port ?? 443, serverName } }),
  }
}
