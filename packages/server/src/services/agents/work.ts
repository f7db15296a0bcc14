/**
 * Work as an agent takes it and reports on it.
 *
 * @module
 */
import { randomBytes, verify } from 'node:crypto'
import { agentStatement, type AgentStatement, type AgentWork } from '@evercert/contract'
import { plainText } from '@evercert/contract/plain-text'
import { sql } from 'kysely'
import { transition, type Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { EVERCERT_ACTOR, notFound, type Caller, type Services } from '../context.ts'
import { wake } from '../wake.ts'
import { agentIdOf } from './agent-caller.ts'
import { waitForBell } from './bell.ts'

/** Work that was handed over at another node is found this late. */
const LOOK_MS = 5_000
/** An agent that ends each time with the same work is not given it for ever. */
const MAX_LEASES = 10

export interface Poll {
  readonly waitSeconds: number
  /** What it does at the moment. */
  readonly holding: readonly string[]
  /** Fields of an order that came later and that it understands; any other would have it refuse the order. */
  readonly knows: readonly string[]
}

/** The next piece of work, or null when there is none until the time is up. What the agent holds already is given again, under a new lease. */
export async function pollWork(services: Services, caller: Caller, poll: Poll): Promise<AgentWork | null> {
  const agentId = agentIdOf(caller)
  const until = performance.now() + poll.waitSeconds * 1_000
  for (;;) {
    const bell = waitForBell(agentId, Math.max(0, Math.min(LOOK_MS, until - performance.now())))
    const work = (await hasWork(services, agentId)) ? await takeWork(services, caller, poll) : null
    if (work !== null) return work
    if (performance.now() >= until) return null
    await bell
    await refuseRevoked(services, caller)
  }
}

/** Asked again and again by every agent that waits: by an index that holds open work alone. */
async function hasWork({ db }: Services, agentId: string): Promise<boolean> {
  const row = await db
    .selectFrom('agent_work')
    .select('id')
    .where('agent_id', '=', agentId)
    .where('state', 'in', ['queued', 'leased'])
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** It may have been revoked while it waited. @throws AppError `unauthenticated` */
async function refuseRevoked({ db }: Services, { accountId, agentId = '' }: Caller): Promise<void> {
  const row = await db
    .selectFrom('agent')
    .select('id')
    .where('account_id', '=', accountId)
    .where('id', '=', agentId)
    .where('state', '=', 'active')
    .executeTakeFirst()
  if (row === undefined) throw new AppError('unauthenticated', 'Waiting for work: the agent was revoked.')
}

interface OpenWork {
  readonly id: string
  readonly account_id: string
  readonly certificate_id: string
  readonly deployment_id: string | null
  readonly application_id: string | null
  readonly site: string
  readonly state: 'queued' | 'leased' | 'expired' | 'reported'
}

async function takeWork(services: Services, caller: Caller, { holding, knows }: Poll): Promise<AgentWork | null> {
  return services.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('agent_work')
      .leftJoin('deployment', (join) =>
        join.onRef('deployment.id', '=', 'agent_work.deployment_id').onRef('deployment.account_id', '=', 'agent_work.account_id'),
      )
      .leftJoin('issuance', 'issuance.id', 'deployment.issuance_id')
      .leftJoin('private_key', 'private_key.id', 'issuance.private_key_id')
      .leftJoin('application', (join) =>
        join
          .onRef('application.id', '=', 'agent_work.application_id')
          .onRef('application.account_id', '=', 'agent_work.account_id'),
      )
      .select([
        'agent_work.id',
        'agent_work.account_id',
        'agent_work.certificate_id',
        'agent_work.deployment_id',
        'agent_work.application_id',
        'agent_work.kind',
        'agent_work.site',
        'agent_work.sha256',
        'agent_work.state',
        'agent_work.leases',
        'agent_work.again',
        'deployment.state as deployment_state',
        'issuance.sha256 as issued_sha256',
        'issuance.chain_pem',
        'private_key.secret_id',
        'application.state as application_state',
        'application.csr',
        'application.identifiers',
        'application.form',
      ])
      .where('agent_work.account_id', '=', caller.accountId)
      .where('agent_work.agent_id', '=', agentIdOf(caller))
      .where('agent_work.state', 'in', ['queued', 'leased'])
      .where('agent_work.expires_at', '>', new Date(services.now()))
      .$if(holding.length > 0, (query) => query.where('agent_work.id', 'not in', [...holding]))
      .orderBy(sql`agent_work.kind <> 'restore'`) // what is served is worse than it was
      .orderBy('agent_work.id')
      .limit(1)
      .forUpdate('agent_work')
      .skipLocked()
      .executeTakeFirst()
    if (row === undefined) return null
    const over = findOver(row)
    if (over !== null) return endWork(services, trx, row, over)
    if (row.leases >= MAX_LEASES) return endWork(services, trx, row, `it was taken ${MAX_LEASES} times and never reported`)
    const lease = await drawLease(services, trx, row, caller.actor)
    const { kind, site, sha256 } = row
    if (kind === 'csr')
      return { id: row.id, lease, kind, site, domains: [...(row.identifiers ?? [])], key: row.form?.key ?? 'p256' }
    if (sha256 === null || row.chain_pem === null) throw new AppError('internal', 'Taking work: it is of no issuance.')
    if (kind === 'restore') return { id: row.id, lease, kind, site, sha256, chainPem: null, privateKeyPem: null }
    if (row.issued_sha256 !== sha256) throw new AppError('internal', 'Taking work: it is not of the issuance of its deployment.')
    const privateKeyPem = row.secret_id === null ? null : await services.vault.open(trx, row.secret_id, 'privateKey')
    return { id: row.id, lease, kind, site, sha256, chainPem: row.chain_pem, privateKeyPem, ...laterFields(row, knows) }
  })
}

const laterFields = ({ again }: { readonly again: boolean }, knows: readonly string[]): { again?: true } =>
  again && knows.includes('again') ? { again } : {}

interface Purpose {
  readonly kind: 'install' | 'restore' | 'csr'
  readonly deployment_state: string | null
  readonly application_state: string | null
  readonly csr: Uint8Array | null
}

/** Why nobody waits for it any more; null when somebody does. */
function findOver({ kind, deployment_state: deployment, application_state: application, csr }: Purpose): string | null {
  if (kind === 'csr') {
    const isWanted = (application === 'pendingValidation' || application === 'inReview') && csr === null
    return isWanted ? null : 'the application went on without it'
  }
  return deployment === (kind === 'install' ? 'planned' : 'applied') ? null : 'the deployment went on without it'
}

/** Nobody signed what was told. */
const UNSAID = { live_log: sql<readonly string[]>`'[]'::jsonb` }

async function drawLease(
  services: Services,
  trx: Trx,
  row: OpenWork & { readonly leases: number },
  actor: string,
): Promise<string> {
  const lease = randomBytes(16).toString('base64url')
  const set = { lease, leased_at: new Date(services.now()), leases: row.leases + 1, live_lines: 0 }
  if (row.state === 'queued') await moveWork(services, trx, row, 'leased', { actor, detail: row.site, set })
  else
    await trx
      .updateTable('agent_work')
      .set({ ...set, live_log: '[]' })
      .where('account_id', '=', row.account_id)
      .where('id', '=', row.id)
      .execute()
  return lease
}

type WorkColumns = NonNullable<Parameters<typeof transition<'agent_work'>>[1]['set']>

function moveWork(
  services: Services,
  trx: Trx,
  row: OpenWork,
  to: 'leased' | 'expired' | 'reported',
  { actor, detail, set = {} }: { readonly actor: string; readonly detail: string; readonly set?: WorkColumns },
): Promise<void> {
  return transition(trx, {
    subject: 'agent_work',
    id: row.id,
    from: row.state,
    to,
    accountId: row.account_id,
    certificateId: row.certificate_id,
    actor,
    detail,
    now: services.now(),
    set,
  })
}

async function endWork(services: Services, trx: Trx, row: OpenWork, detail: string): Promise<null> {
  await moveWork(services, trx, row, 'expired', { actor: EVERCERT_ACTOR, detail, set: UNSAID })
  await tell(services, trx, row)
  return null
}

/** Nobody waits for it any more. @throws AppError `conflict`, stale, when it was reported meanwhile */
export function expireWork(services: Services, row: OpenWork, detail: string): Promise<void> {
  return services.db
    .transaction()
    .execute((trx) => moveWork(services, trx, row, 'expired', { actor: EVERCERT_ACTOR, detail, set: UNSAID }))
}

/** For an agent that is no more. */
export async function endOpenWork(
  services: Services,
  trx: Trx,
  {
    accountId,
    agentId,
    actor,
    detail,
  }: { readonly accountId: string; readonly agentId: string; readonly actor: string; readonly detail: string },
): Promise<void> {
  const rows = await trx
    .selectFrom('agent_work')
    .select(['id', 'account_id', 'certificate_id', 'deployment_id', 'application_id', 'site', 'state'])
    .where('account_id', '=', accountId)
    .where('agent_id', '=', agentId)
    .where('state', 'in', ['queued', 'leased'])
    .forUpdate()
    .execute()
  for (const row of rows) {
    await moveWork(services, trx, row, 'expired', { actor, detail, set: UNSAID })
    await tell(services, trx, row)
  }
}

/** Whoever waits for the work looks at it at once. */
async function tell(services: Services, trx: Trx, row: OpenWork): Promise<void> {
  if (row.deployment_id !== null) return tellDeployment(services, trx, row, row.deployment_id)
  const result = await trx
    .updateTable('application')
    .set({ retry_at: null, version: sql`version + 1` })
    .where('account_id', '=', row.account_id)
    .where('id', '=', row.application_id)
    .where('state', 'in', ['pendingValidation', 'inReview'])
    .where('csr', 'is', null)
    .executeTakeFirst()
  if (result.numUpdatedRows === 1n) await wake(services, trx, row.certificate_id)
}

/**
 * The deployment looks at its work again, at once. It counts as a look, so that whoever looked before the report, and writes down afterwards
 * that there is none, finds that something changed.
 */
async function tellDeployment(services: Services, trx: Trx, row: OpenWork, deploymentId: string): Promise<void> {
  const result = await trx
    .updateTable('deployment')
    .set({ retry_at: new Date(services.now()), check_tries: sql`check_tries + 1` })
    .where('account_id', '=', row.account_id)
    .where('id', '=', deploymentId)
    .where('state', 'in', ['planned', 'applied'])
    .executeTakeFirst()
  if (result.numUpdatedRows === 1n) await wake(services, trx, row.certificate_id)
}

export interface SignedStatement {
  readonly statement: string
  /** Ed25519 over the UTF-8 of the statement, base64url. */
  readonly signature: string
}

/**
 * Takes a report once; the deployment goes on from it.
 *
 * @returns false when it was reported before
 * @throws AppError `invalid` (no statement, or not signed by this agent), `notFound`, `conflict` (another lease)
 */
export async function takeReport(
  services: Services,
  caller: Caller,
  { statement, signature }: SignedStatement,
): Promise<boolean> {
  const agentId = agentIdOf(caller)
  const { public_key_pem: publicKey } = await services.db
    .selectFrom('agent')
    .select('public_key_pem')
    .where('account_id', '=', caller.accountId)
    .where('id', '=', agentId)
    .executeTakeFirstOrThrow()
  if (!verify(null, Buffer.from(statement), publicKey, Buffer.from(signature, 'base64url'))) {
    throw new AppError('invalid', 'Reading the report: its signature is not by the key that this agent was enrolled with.')
  }
  const said = readStatement(statement)
  return services.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('agent_work')
      .select(['id', 'account_id', 'certificate_id', 'deployment_id', 'application_id', 'site', 'state', 'lease', 'kind'])
      .where('account_id', '=', caller.accountId)
      .where('agent_id', '=', agentId)
      .where('id', '=', said.workId)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) throw notFound('work', said.workId)
    if (row.state === 'reported') return false
    if (row.lease !== said.lease) {
      throw new AppError('conflict', `Reporting on ${said.workId}: it was taken again under another lease: report on that one.`)
    }
    const detail = plainText(said.problem ?? `${row.site}: ${said.outcome}`)
    await moveWork(services, trx, row, 'reported', {
      actor: caller.actor,
      detail: detail.slice(0, 500),
      set: { statement, signature },
    })
    await tell(services, trx, row)
    return true
  })
}

function readStatement(text: string): AgentStatement {
  try {
    return agentStatement.parse(JSON.parse(text))
  } catch (cause) {
    throw new AppError(
      'invalid',
      'Reading the report: the statement is not as the API describes it: use the agent of this version.',
      {
        cause,
      },
    )
  }
}
