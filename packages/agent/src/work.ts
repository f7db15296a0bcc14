/**
 * Doing what the service asks for, as far as this host's own configuration allows it. What comes from the service is a site's name, a
 * fingerprint, a chain and a key; anything else is refused before anything is touched.
 *
 * @module
 */
import type { AgentCsrWork, AgentPairWork, AgentStatement, AgentWork, CertificatePair } from '@evercert/contract'
import { AppError } from '@evercert/contract/app-error'
import { orRefuse } from '@evercert/pair-files/host'
import { checkChain } from '@evercert/pair-files/pair'
import { printable } from './api.ts'
import { SITE_NAME, type AgentConfig, type SiteConfig } from './config.ts'
import { findKey, KEY_KINDS, makeOrderedCsr, type CsrOrder } from './host-keys.ts'
import { openSite, type SiteUse } from './site.ts'
import { findBegun, keepBegun, type Begun } from './state.ts'
import { tidy } from './tidy.ts'

type Outcome = Pick<AgentStatement, 'outcome' | 'problem' | 'install' | 'restore' | 'log' | 'csrPem' | 'code'>

export interface Taken {
  readonly id: string
  readonly lease: string
  /** As it came: nobody has checked it. */
  readonly raw: Readonly<Record<string, unknown>>
}

const ID = /^[a-z0-9_]{1,48}$/
const LEASE = /^[\w-]{1,128}$/

/** What was given out, as far as a report can name it; null when there is nothing to do. @throws Error when it cannot be reported on */
export function readWork(answer: unknown): Taken | null {
  const work = (answer as { readonly work?: unknown } | null)?.work
  if (work === null) return null
  if (typeof work !== 'object') throw new Error('the service answered without work')
  const raw = work as Readonly<Record<string, unknown>>
  const { id, lease } = raw
  if (typeof id === 'string' && typeof lease === 'string' && ID.test(id) && LEASE.test(lease)) return { id, lease, raw }
  throw new Error('the service gave work without an id')
}

const PAIR_FIELDS: readonly (keyof AgentPairWork)[] = ['id', 'lease', 'kind', 'site', 'sha256', 'chainPem', 'privateKeyPem']
const FIELDS: Readonly<Record<AgentWork['kind'], readonly string[]>> = {
  install: [...PAIR_FIELDS, 'again'] satisfies (keyof AgentPairWork)[],
  restore: PAIR_FIELDS,
  csr: ['id', 'lease', 'kind', 'site', 'domains', 'key'] satisfies (keyof AgentCsrWork)[],
}

/** Never rejects. */
export async function doWork(config: AgentConfig, { id, lease, raw }: Taken, use: SiteUse = {}): Promise<AgentStatement> {
  const said: string[] = []
  const onLine = (line: string): void => {
    said.push(line)
    use.onLine?.(line)
    tidy()
  }
  const outcome = await attempt(config, id, raw, { ...use, onLine })
  // All that was said, also before what an error tells of: whoever watched has the beginning of it.
  const log = clipLog(outcome.install === null && outcome.restore === null && said.length > 0 ? said : outcome.log)
  return {
    workId: id,
    lease,
    at: new Date().toISOString(),
    ...outcome,
    problem: outcome.problem?.slice(0, MAX_PROBLEM).toWellFormed() ?? null,
    install: outcome.install === null ? null : { ...outcome.install, log: clipLog(outcome.install.log) },
    restore: outcome.restore === null ? null : { ...outcome.restore, log: clipLog(outcome.restore.log) },
    log,
  }
}

// As the contract limits them.
const MAX_LINES = 300
export const MAX_TOLD_LINES = 200
const MAX_PROBLEM = 12_000
export const clipLine = (line: string): string => line.slice(0, 1_500).toWellFormed()
/** The beginning, which may have been told already, and the end. */
function clipLog(log: readonly string[]): string[] {
  const kept = log.length <= MAX_LINES ? log : [...log.slice(0, MAX_TOLD_LINES), ...log.slice(MAX_TOLD_LINES - MAX_LINES)]
  return kept.map(clipLine)
}

async function attempt(config: AgentConfig, workId: string, raw: Taken['raw'], use: SiteUse): Promise<Outcome> {
  const nothing = { install: null, restore: null, log: [] }
  try {
    const { kind, site: name } = readOrder(raw)
    const known = Object.hasOwn(config.sites, name) ? config.sites[name] : undefined
    if (known === undefined) {
      throw refusal(`its configuration has no site ${name}: add it there, or correct the target. Nothing was touched.`)
    }
    if (kind === 'csr') {
      const csrPem = await orRefuse('Making a key', () => makeOrderedCsr(config.stateFolder, { workId, ...readWish(raw) }))
      return { ...nothing, outcome: 'csrMade', problem: null, csrPem }
    }
    const sha256 = readFingerprint(raw)
    const begun = {
      find: () => findBegun(config.stateFolder, workId),
      keep: (before: Begun) => keepBegun(config.stateFolder, workId, before),
    }
    const site = openSite(known, { ...use, begun })
    if (kind === 'restore') {
      return { ...nothing, outcome: 'restored', problem: null, restore: await site.restore(sha256) }
    }
    return {
      ...nothing,
      outcome: 'installed',
      problem: null,
      install: await site.install(readPair(config, known, raw, sha256), raw['again'] === true),
    }
  } catch (error) {
    return { ...nothing, ...toFailure(error) }
  }
}

/** @throws AppError `deployRefused` */
function readOrder(raw: Taken['raw']): Pick<AgentWork, 'kind' | 'site'> {
  const { kind, site } = raw
  if (kind !== 'install' && kind !== 'restore' && kind !== 'csr')
    throw refusal(`there is no work of the kind ${printable(String(kind))}. Nothing was touched.`)
  const foreign = Object.keys(raw).filter((name) => !FIELDS[kind].includes(name))
  if (foreign.length > 0) {
    throw refusal(
      `the work names ${printable(foreign.join(', '))}, which no work may: paths and commands are those of the host's own configuration. Nothing was touched.`,
    )
  }
  if (typeof site !== 'string' || !SITE_NAME.test(site))
    throw refusal('the work names a site that can be no name. Nothing was touched.')
  return { kind, site }
}

/** @throws AppError `deployRefused` */
function readFingerprint({ sha256 }: Taken['raw']): string {
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) return sha256
  throw refusal('the work names no certificate. Nothing was touched.')
}

const MAX_DOMAINS = 250
const DOMAIN = /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*$/

/** What a key and its CSR are for. @throws AppError `deployRefused` */
function readWish({ domains, key }: Taken['raw']): Pick<CsrOrder, 'domains' | 'key'> {
  const kind = KEY_KINDS.find((one) => one === key)
  if (kind === undefined) throw refusal(`the work wants a key of the kind ${printable(String(key))}. No key was made.`)
  const isDomain = (one: unknown): one is string => typeof one === 'string' && one.length <= 253 && DOMAIN.test(one)
  if (Array.isArray(domains) && domains.length > 0 && domains.length <= MAX_DOMAINS && domains.every(isDomain))
    return { domains, key: kind }
  throw refusal('the work names something that is no domain. No key was made.')
}

/** @throws AppError `deployRefused` */
function readPair(config: AgentConfig, site: SiteConfig, raw: Taken['raw'], sha256: string): CertificatePair {
  const { chainPem, privateKeyPem } = raw
  if (typeof chainPem !== 'string') throw refusal('the work has no chain. Nothing was touched.')
  if (privateKeyPem === null) {
    const { spkiSha256 } = checkChain({ chainPem, sha256 }).leaf
    const own = findKey(config.stateFolder, site, spkiSha256)
    if (own !== null) return { chainPem, privateKeyPem: own, sha256 }
    throw refusal(
      'the key of this certificate was not made on this host: apply with a CSR of "evercert-agent csr". Nothing was touched.',
    )
  }
  if (typeof privateKeyPem !== 'string') throw refusal('the work has no private key. Nothing was touched.')
  if (site.keyOnHost) {
    throw refusal(
      'the site takes no key from outside (keyOnHost): apply with a CSR of "evercert-agent csr". Nothing was touched.',
    )
  }
  return { chainPem, privateKeyPem, sha256 }
}

function refusal(what: string): AppError {
  return new AppError('deployRefused', what)
}

function toFailure(error: unknown): Pick<Outcome, 'outcome' | 'problem' | 'log' | 'code'> {
  if (!(error instanceof AppError)) {
    return {
      outcome: 'failed',
      problem: `an unexpected error on the host: ${error instanceof Error ? error.message : 'unknown'}`,
      log: [],
    }
  }
  const { log } = error.facts
  const isRefused = error.code === 'deployRefused' || error.code === 'diskFull' || error.code === 'diskReadOnly'
  const outcome = error.code === 'rolledBack' ? 'rolledBack' : isRefused ? 'refused' : 'failed'
  return {
    outcome,
    problem: error.message,
    log: Array.isArray(log) ? log.map(String) : [],
    ...((error.code === 'diskFull' || error.code === 'diskReadOnly') && { code: error.code }),
  }
}
