/**
 * Keys that an agent makes on its host for an application, anew for each one: the service asks for the CSR and never has the key.
 *
 * @module
 */
import { agentStatement, type AgentStatement, type HostKey } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import { SAME } from '../../db/same-account.ts'
import type { Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { DAY_MS } from '../../domain/time.ts'
import type { Services } from '../context.ts'
import { ringFor } from './bell.ts'
import { findAgent, secondOf, seenText } from './desk.ts'
import { queueWork } from './queue-work.ts'

/** Where the key of a stored CSR is; null when that is on no host of an agent, or nobody knows for which site. */
export async function findHostKey(db: Db | Trx, accountId: string, csrId: string | null): Promise<HostKey | null> {
  if (csrId === null) return null
  const row = await db
    .selectFrom('csr')
    .innerJoin('agent', (join) => join.onRef('agent.id', '=', 'csr.agent_id').onRef('agent.account_id', SAME, 'csr.account_id'))
    .select(['agent.name', 'csr.site'])
    .where('csr.account_id', '=', accountId)
    .where('csr.id', '=', csrId)
    .executeTakeFirst()
  return row === undefined || row.site === null ? null : { agent: row.name, site: row.site }
}

/** @throws AppError `invalid` when no active agent has the name, or it told that it has no such site */
export async function checkHostKey({ db }: Services, accountId: string, { agent: name, site }: HostKey): Promise<void> {
  const agent = await findAgent(db, accountId, name)
  if (agent === null) throw new AppError('invalid', `Applying with a key on the host of agent ${name}: ${NO_AGENT}`)
  if (agent.observed_at === null || agent.sites.some((one) => one.name === site)) return
  const names = agent.sites.map((one) => one.name).join(', ') || 'no site at all'
  throw new AppError(
    'invalid',
    `Applying with a key on the host of agent ${name}: its configuration has no site ${site}, but ${names}: add it on the host.`,
  )
}

const NO_AGENT =
  'the account has no active agent of this name: enrol it with "evercert agent enroll", or let the service make the key.'

/** What the key is for. */
export interface HostKeyWish {
  readonly accountId: string
  readonly certificateId: string
  readonly applicationId: string
  /** How often it failed before: each try is work of its own. */
  readonly round: number
  readonly hostKey: HostKey
}

/** Work of an application is called off with the application; nobody gives up before. */
const EXPIRES_MS = 400 * DAY_MS
/** Looked at again this often even if nobody tells. */
const LOOK_AGAIN_SECONDS = 300

/**
 * The CSR of the new key, once the agent reported it.
 *
 * @throws AppError `agentAway`, pending, while it has not; `hostKeyRefused` when it said why not, or there is no such agent
 */
export async function askForCsr(
  services: Services,
  wish: HostKeyWish,
): Promise<{ readonly agentId: string; readonly csrPem: string }> {
  const { accountId, hostKey } = wish
  const found = await findCsrWork(services.db, wish)
  if (found !== null && found.statement !== null) {
    return { agentId: found.agent_id, csrPem: csrOf(hostKey, agentStatement.parse(JSON.parse(found.statement))) }
  }
  const agent = await findAgent(services.db, accountId, hostKey.agent)
  const what = `Making the key on the host of agent ${hostKey.agent}`
  if (agent === null) throw new AppError('hostKeyRefused', `${what}: ${NO_AGENT}`)
  if (found !== null && (found.agent_id !== agent.id || found.state === 'expired')) {
    throw new AppError('hostKeyRefused', `${what}: the work was called off: it is handed over anew.`)
  }
  if (found === null) await handOver(services, wish, agent.id)
  ringFor(agent.id)
  const taken = found?.leased_at ?? null
  const waits =
    taken === null
      ? 'to make a key and send its CSR'
      : `, which took the work at ${secondOf(taken)}, to send the CSR of its new key`
  throw new AppError(
    'agentAway',
    `Waiting for agent ${hostKey.agent}${taken === null ? ' ' : ''}${waits} for site ${hostKey.site} (${seenText(agent)}).`,
    { pending: true, retryAfterSeconds: LOOK_AGAIN_SECONDS },
  )
}

function csrOf({ agent, site }: HostKey, { outcome, csrPem, problem }: AgentStatement): string {
  if (outcome === 'csrMade' && csrPem !== undefined) return csrPem
  throw new AppError(
    'hostKeyRefused',
    `Agent ${agent}, site ${site}: ${problem ?? `it did something else than it was asked for (${outcome})`}`,
  )
}

async function findCsrWork(db: Db, { accountId, applicationId, round }: HostKeyWish) {
  const row = await db
    .selectFrom('agent_work')
    .select(['id', 'agent_id', 'state', 'statement', 'leased_at'])
    .where('account_id', '=', accountId)
    .where('application_id', '=', applicationId)
    .where('kind', '=', 'csr')
    .where('round', '=', round)
    .executeTakeFirst()
  return row ?? null
}

async function handOver(services: Services, wish: HostKeyWish, agentId: string): Promise<void> {
  const { accountId, certificateId, applicationId, round, hostKey } = wish
  services.onStep('askForCsr', 'intended')
  await queueWork(services, hostKey.agent, {
    account_id: accountId,
    agent_id: agentId,
    certificate_id: certificateId,
    deployment_id: null,
    application_id: applicationId,
    kind: 'csr',
    site: hostKey.site,
    sha256: null,
    round,
    expires_at: new Date(services.now() + EXPIRES_MS),
  })
  services.onStep('askForCsr', 'recorded')
}
