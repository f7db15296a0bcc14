/**
 * The agent at work: it delivers what it has to report, tells what is on the host, asks for work, and does it. When the service is away it
 * waits and asks again; the sites of the host do not notice.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { hostname } from 'node:os'
import { pause } from '@evercert/pair-files/pause'
import { GATHER_MS, type Gathering } from '@evercert/pair-files/reload-turns'
import { callService, printable, ServiceProblem } from './api.ts'
import { ensureOwn, loadConfig, type AgentConfig } from './config.ts'
import { createSiteObserver, discover } from './discover/discover.ts'
import { stampOf } from './file-stamp.ts'
import { AgentError, type Say } from './language.ts'
import {
  forgetAllBegun,
  forgetBegun,
  forgetReport,
  keepReport,
  listReports,
  loadIdentity,
  removeUnfinished,
  signReport,
  type Report,
} from './state.ts'
import { createTeller } from './live.ts'
import { tidily, tidy } from './tidy.ts'
import { createTurns } from '@evercert/pair-files/turns'
import { isLean } from './unit.ts'
import { VERSION } from './version.ts'
import { doWork, readWork, type Taken } from './work.ts'

/** The longest that the service lets an agent wait, and what an answer may take beyond that. */
const WAIT_SECONDS = 25
const ANSWER_MS = 20_000
/** Configurations of servers change without telling us. */
const OBSERVE_MS = 60 * 60_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 60_000
const PAUSE_GROWTH = 1.5
/** Pieces of work that are done beside each other; each has a certificate in memory. */
const MAX_AT_ONCE = 16
/** What belongs together is handed over within this time. */
const MORE_SECONDS = 1
/** The service may be slow to say that there is no more. */
const GATHER_MORE_MS = 5_000
/** Lines and reports, which come from many pieces of work at the same time. */
const toldInTurn = createTurns(2)
/** Whoever watches waits no longer for a line; the work does not wait at all. */
const TELL_MS = 5_000

export interface Running {
  readonly configPath: string
  readonly say: Say
  /** One line for the journal. */
  readonly log: (line: string) => void
  /** Aborted when the process is told to end: work that has begun is finished first. */
  readonly signal: AbortSignal
}

/** Runs until it is told to end. @throws AgentError when the configuration is wrong at the start, or the host is not enrolled */
export async function run(running: Running): Promise<void> {
  const agent = startAgent(running)
  running.log(
    `evercert-agent ${VERSION}: agent ${agent.identity.name}, sites: ${Object.keys(agent.config.sites).join(', ') || 'none'}`,
  )
  if (!isLean(process.execArgv)) {
    running.log(
      running.say(
        'Started without the options of its unit it takes some 20 MB more: "evercert-agent unit --command" prints the line to start it by.',
        '未使用其单元中的选项启动，将多占用约 20 MB 内存：“evercert-agent unit --command” 可输出启动命令。',
      ),
    )
  }
  let pauseMs = FIRST_PAUSE_MS
  let complaint = ''
  while (!running.signal.aborted) {
    try {
      await turn(agent)
      if (complaint !== '') running.log('The service answers again.')
      complaint = ''
      pauseMs = FIRST_PAUSE_MS
    } catch (error) {
      if (running.signal.aborted) return
      const said = complaintOf(error)
      if (said !== complaint) running.log(`${said} Trying again; the sites of this host are not affected.`)
      complaint = said
      // Spread, so that a fleet does not come back in one moment.
      await pause(pauseMs * (0.5 + Math.random()), running.signal)
      pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS)
    }
  }
}

function complaintOf(error: unknown): string {
  if (error instanceof ServiceProblem && error.status === 401) {
    return 'The service does not know this agent (any more): it was revoked, or enrol it anew.'
  }
  return `Calling the service: ${error instanceof Error ? error.message : 'failed'}.`
}

interface Agent {
  readonly running: Running
  readonly identity: ReturnType<typeof loadIdentity>
  /** As of the last time that it could be read. */
  config: AgentConfig
  configFault: string
  /** Of the file that `config` was read from; null: it is read again in any case. */
  configStamp: string | null
  observedAt: number
  readonly observe: ReturnType<typeof createSiteObserver>
  /** Digest of what was told last, so that changes are told at once. */
  observedSites: string
  /** Other work is asked for, to be done beside what is being done. */
  isGathering: boolean
}

function startAgent(running: Running): Agent {
  const config = loadConfig(running.configPath, running.say)
  const identity = loadIdentity(config.stateFolder, config.server, running.say)
  removeUnfinished(config.stateFolder)
  return {
    running,
    identity,
    config,
    configFault: '',
    configStamp: null,
    observedAt: 0,
    observe: createSiteObserver(),
    observedSites: '',
    isGathering: false,
  }
}

/** The file may be changed while we run: a fault in it leaves what was there before. */
function readConfigAgain(agent: Agent): void {
  const { running } = agent
  try {
    const stamp = stampOf(running.configPath)
    ensureOwn(running.configPath, running.say)
    if (stamp !== null && stamp === agent.configStamp) return
    agent.configStamp = null
    tidy()
    const config = loadConfig(running.configPath, running.say)
    if (config.server !== agent.config.server || config.stateFolder !== agent.config.stateFolder) {
      throw new AgentError('Reading the configuration: another service or state folder is used after a restart.')
    }
    agent.config = config
    agent.configFault = ''
    agent.configStamp = stamp
  } catch (error) {
    const fault = error instanceof Error ? error.message : 'unreadable'
    if (fault !== agent.configFault) running.log(`${fault} Going on with the configuration from before.`)
    agent.configFault = fault
  }
}

async function turn(agent: Agent): Promise<void> {
  readConfigAgain(agent)
  for (const report of listReports(agent.config.stateFolder)) await deliver(agent, report)
  await observeIfDue(agent)
  const first = await poll(agent, { waitSeconds: WAIT_SECONDS })
  if (first === null) return forgetAllBegun(agent.config.stateFolder)
  await tidily(() => doAll(agent, first))
}

/** This one, and what else is there. */
async function doAll(agent: Agent, first: Taken): Promise<void> {
  const held = new Map<string, Promise<void>>()
  const bySite = new Map<unknown, Promise<void>>()
  const begin = (work: Taken): void => {
    readConfigAgain(agent)
    const { site } = work.raw
    // What is for one site goes one after the other.
    const done = (bySite.get(site) ?? Promise.resolve()).then(() => finish(agent, work))
    held.set(work.id, done)
    bySite.set(
      site,
      done.catch(() => {}), // asked for at the end
    )
  }
  // What is there beside it is begun as well: what is on one server is tested together and reloaded once.
  agent.isGathering = true
  try {
    begin(first)
    while (held.size < MAX_AT_ONCE && !agent.running.signal.aborted) {
      const more = await poll(agent, { waitSeconds: MORE_SECONDS, holding: [...held.keys()] })
      if (more === null || held.has(more.id)) break
      begin(more)
    }
  } finally {
    agent.isGathering = false
    await Promise.allSettled(held.values())
  }
  await Promise.all(held.values())
}

async function poll(agent: Agent, wish: { readonly waitSeconds: number; readonly holding?: readonly string[] }) {
  tidy()
  return readWork(await call(agent, '/agents/poll', wish))
}

async function finish(agent: Agent, work: Taken): Promise<void> {
  const { running, config, identity } = agent
  running.log(`Work ${work.id}: ${printable(`${String(work.raw['kind'])} ${String(work.raw['site'])}`)}`)
  const teller = createTeller(async (lines, signal) => {
    const answer = await toldInTurn(() =>
      callService(config, {
        path: '/agents/log',
        body: { workId: work.id, lease: work.lease, ...lines },
        credential: identity.credential,
        timeoutMs: TELL_MS,
        signal,
      }),
    )
    const { told } = answer as { readonly told?: unknown }
    return typeof told === 'number' ? told : lines.from
  })
  const gathering: Gathering = {
    quietMs: () => (agent.isGathering ? GATHER_MORE_MS : GATHER_MS),
    aside: (wait) => wait(),
  }
  const onLine = (line: string): void => {
    teller.say(line)
    tidy() // a step has ended
  }
  const statement = await doWork(config, work, { onLine, gathering })
  teller.end()
  running.log(`Work ${work.id}: ${statement.outcome}${statement.problem === null ? '' : `: ${printable(statement.problem)}`}`)
  const report = signReport(identity, work.id, statement)
  try {
    keepReport(config.stateFolder, report)
  } catch (error) {
    // A disk that is full or read-only is what the report tells of: it is told all the same, and done again if that fails.
    running.log(`Work ${work.id}: its report cannot be kept: ${error instanceof Error ? error.message : 'unknown'}`)
  }
  await deliver(agent, report)
}

/** What the service will never take is let go; anything else stays for the next turn. */
async function deliver(agent: Agent, { workId, statement, signature }: Report): Promise<void> {
  try {
    await toldInTurn(() => call(agent, '/agents/report', { statement, signature }))
  } catch (error) {
    if (!isRefusal(error)) throw error
    agent.running.log(`Work ${workId}: the service does not take the report: ${error.message}`)
  }
  forgetBegun(agent.config.stateFolder, workId)
  forgetReport(agent.config.stateFolder, workId)
}

// As the contract limits them, and the body of a request.
const MAX_SITES = 500
const MAX_FINDINGS = 1_000
const MAX_NAMES = 50
const MAX_BODY = 900_000

async function observeIfDue(agent: Agent): Promise<void> {
  const { running, config } = agent
  const sites = agent
    .observe(config.sites)
    .slice(0, MAX_SITES)
    .map((site) => ({ ...site, domains: site.domains.slice(0, MAX_NAMES) }))
  const told = createHash('sha256').update(JSON.stringify(sites)).digest('base64')
  if (told === agent.observedSites && Date.now() - agent.observedAt < OBSERVE_MS) return
  try {
    await call(agent, '/agents/observe', { hostName: hostname(), version: VERSION, sites, findings: findingsOf(config) })
  } catch (error) {
    if (!isRefusal(error)) throw error
    // What cannot be told must not keep work from being done.
    running.log(`The service does not take what was found on this host: ${error.message}`)
  }
  tidy()
  agent.observedSites = told
  agent.observedAt = Date.now()
}

function findingsOf(config: AgentConfig): readonly object[] {
  const findings = discover(config)
    .findings.slice(0, MAX_FINDINGS)
    .map(({ port: _port, configPath: _configPath, serverNames, domains, ...finding }) => ({
      ...finding,
      serverNames: serverNames.slice(0, MAX_NAMES),
      domains: domains.slice(0, MAX_NAMES),
    }))
  let length = 0
  return findings.filter((finding) => (length += JSON.stringify(finding).length + 1) <= MAX_BODY)
}

/** The same again would be refused again. */
function isRefusal(error: unknown): error is ServiceProblem {
  return error instanceof ServiceProblem && [400, 404, 409, 413].includes(error.status)
}

/** Reports are brought to their end; anything else may be broken off. */
function call({ config, identity, running }: Agent, path: `/${string}`, body: object): Promise<unknown> {
  const isPoll = path === '/agents/poll'
  const isReport = path === '/agents/report'
  return callService(config, {
    path,
    body,
    credential: identity.credential,
    timeoutMs: ANSWER_MS + (isPoll ? WAIT_SECONDS * 1_000 : 0),
    ...(!isReport && { signal: running.signal }),
  })
}
