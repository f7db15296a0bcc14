/**
 * One deployment as its effects see it, and what they write down of it.
 *
 * @module
 */
import type { EndpointProtocol, ProblemCode } from '@evercert/contract'
import { plainText } from '@evercert/contract/plain-text'
import { sql, type ExpressionBuilder } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { transition } from '../../db/transition.ts'
import { toMs } from '../../db/time.ts'
import type { DeploymentState } from '../../domain/deployment/deployment-machine.ts'
import type { Baseline } from '../../domain/deployment/judge-deployment.ts'
import { AppError } from '../../domain/errors.ts'
import type { CertificatePair, DeployTarget } from '../../ports/deploy.ts'
import type { Gathering } from '../../ports/kit.ts'
import { createAgentDesk } from '../agents/desk.ts'
import { EVERCERT_ACTOR, findAdapter, parseConfig, type Services } from '../context.ts'
import { planNotice, type HappenedNotice } from '../notices/plan.ts'
import { changed, type Work } from './facts.ts'

/** SHA-256 of the leaf that a target had; null: none. */
export interface Held {
  readonly sha256: string | null
}

export interface DeploymentWork {
  readonly id: string
  readonly state: DeploymentState
  readonly failures: number
  readonly problem: string | null
  readonly kind: string
  readonly configSecretId: string
  readonly targetName: string
  readonly chainPem: string
  readonly sha256: string
  readonly keySecretId: string | null
  readonly issuerId: string | null
  /** Line of the history by which somebody asked for it anew; null: not yet. */
  readonly askedAgain: string | null
  /** The target's own address. */
  readonly probe: {
    readonly host: string
    readonly port: number
    readonly serverName: string
    readonly protocol: EndpointProtocol
  } | null
  readonly baseline: Baseline | null
  readonly previousSha256: string | null
  readonly checkUntil: number | null
  readonly checkTries: number
  readonly restoreReason: string | null
  /** The target was being touched when somebody last wrote that down: now, or until a crash. */
  readonly hasBegun: boolean
  /** Somebody wants it anew. */
  readonly reloadAsked: boolean
  /** Whether it put the pair in place; null: not known yet, or not to be known. */
  readonly changed: boolean | null
  /** What the target had before it was first touched; null: not looked up yet, or nobody can be asked. */
  readonly held: Held | null
}

/** @throws AppError `conflict`, stale, when the certificate has other deployments by now */
export async function loadDeployment(services: Services, work: Work, id: string): Promise<DeploymentWork> {
  const row = await services.db
    .selectFrom('deployment')
    .innerJoin('target', 'target.id', 'deployment.target_id')
    .innerJoin('issuance', 'issuance.id', 'deployment.issuance_id')
    .leftJoin('application', 'application.id', 'issuance.application_id')
    .leftJoin('private_key', 'private_key.id', 'issuance.private_key_id')
    .select([
      'deployment.id',
      'deployment.state',
      'deployment.failures',
      'deployment.problem',
      'deployment.baseline',
      'deployment.previous_sha256',
      'deployment.check_until',
      'deployment.check_tries',
      'deployment.restore_reason',
      'deployment.begun_at',
      'deployment.reload_asked',
      'deployment.changed',
      'deployment.held_sha256',
      'deployment.held_at',
      'target.kind',
      'target.name',
      'target.config_secret_id',
      'target.probe_host',
      'target.probe_port',
      'target.probe_server_name',
      'target.probe_protocol',
      'issuance.chain_pem',
      'issuance.sha256',
      'application.issuer_id',
      'private_key.secret_id',
      (eb) => askedAgain(eb).as('asked_again'),
    ])
    .where('deployment.id', '=', id)
    .where('deployment.account_id', '=', work.accountId)
    .where('target.certificate_id', '=', work.certificateId)
    .where('deployment.issuance_id', '=', work.issuanceId)
    .executeTakeFirst()
  if (row === undefined) throw changed(work)
  const { probe_host: host, probe_port: port, probe_server_name: serverName, probe_protocol: protocol } = row
  return {
    id: row.id,
    state: row.state,
    failures: row.failures,
    problem: row.problem,
    kind: row.kind,
    configSecretId: row.config_secret_id,
    targetName: row.name,
    chainPem: row.chain_pem,
    sha256: row.sha256,
    keySecretId: row.secret_id,
    issuerId: row.issuer_id,
    askedAgain: row.asked_again,
    probe: host === null || port === null || serverName === null ? null : { host, port, serverName, protocol: protocol ?? 'tls' },
    baseline: row.baseline,
    previousSha256: row.previous_sha256,
    checkUntil: toMs(row.check_until),
    checkTries: row.check_tries,
    restoreReason: row.restore_reason,
    hasBegun: row.begun_at !== null,
    reloadAsked: row.reload_asked,
    changed: row.changed,
    held: row.held_at === null ? null : { sha256: row.held_sha256 },
  }
}

/** Whether the target can do without a key from here. */
export function mayHaveKey(services: Services, { kind }: DeploymentWork): boolean {
  return findAdapter(services.adapters.deploy, kind, 'target').hasOwnKeys === true
}

/** How long a change there may take to be seen; undefined for the usual. */
export function settleSeconds(services: Services, { kind }: DeploymentWork): number | undefined {
  return findAdapter(services.adapters.deploy, kind, 'target').settleSeconds
}

/** What a target is given for one deployment. */
export interface TargetUse {
  /** Told each line of its log as it is said. */
  readonly onLogLine: (line: string) => void
  /** Told how many lines were written down by whoever said them. */
  readonly onTold: (lines: number) => void
  readonly gathering: Gathering
}

/** The target itself. @throws AppError `misconfigured`, `invalid` */
export async function openTarget(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { onTold, ...use }: TargetUse,
): Promise<DeployTarget> {
  const adapter = findAdapter(services.adapters.deploy, deployment.kind, 'target')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, deployment.configSecretId, 'targetConfig'))
  const agentDesk = createAgentDesk(services, work.accountId, {
    deploymentId: deployment.id,
    certificateId: work.certificateId,
    round: deployment.failures,
    onTold,
  })
  return adapter.create(parseConfig(adapter, raw), { ...services.kit, agentDesk, delivery: deliveryOf(deployment), ...use })
}

function deliveryOf({ id, askedAgain: line }: DeploymentWork): string {
  return line === null ? id : `${id}:${line}`
}

/** Evercert's own tries are no cause of their own. */
function askedAgain(eb: ExpressionBuilder<Tables, 'deployment'>) {
  return eb
    .selectFrom('history')
    .select((of) => of.fn.max('history.id').as('line'))
    .whereRef('history.certificate_id', '=', 'deployment.certificate_id')
    .whereRef('history.account_id', '=', 'deployment.account_id')
    .where('history.subject', '=', 'deployment')
    .whereRef('history.subject_id', '=', 'deployment.id')
    .where('history.from_state', 'in', ['failed', 'rolledBack'])
    .where('history.to_state', '=', 'planned')
    .where((of) => of.or([of('history.from_state', '=', 'rolledBack'), of('history.actor', '<>', EVERCERT_ACTOR)]))
}

/** What was there before, when it is one of ours and its key is here. */
export async function loadPreviousPair(
  services: Services,
  work: Work,
  { previousSha256 }: DeploymentWork,
): Promise<CertificatePair | null> {
  if (previousSha256 === null) return null
  const row = await services.db
    .selectFrom('issuance')
    .innerJoin('private_key', 'private_key.id', 'issuance.private_key_id')
    .select(['issuance.chain_pem', 'private_key.secret_id'])
    .where('issuance.account_id', '=', work.accountId)
    .where('issuance.sha256', '=', previousSha256)
    .executeTakeFirst()
  if (row === undefined || row.secret_id === null) return null
  const privateKeyPem = await services.vault.open(services.db, row.secret_id, 'privateKey')
  return { chainPem: row.chain_pem, privateKeyPem, sha256: previousSha256 }
}

/** A line of the log with the present time. */
export function logLine(services: Services, text: string): string {
  return `${new Date(services.now()).toISOString()} ${text}`
}

/** What is wrong: an AppError, or the like. */
export interface Problem {
  readonly code: ProblemCode
  readonly message: string
}

export interface Recorded {
  /** The whole log, or what comes after it. */
  readonly log: readonly string[]
  readonly appends?: boolean
  /** All that was said, when some of it is written down already: the history has the last of it. */
  readonly said?: readonly string[]
  readonly problem: Problem | null
  readonly retryAt: number | null
  readonly set?: {
    readonly baseline?: null
    readonly previous_sha256?: string | null
    readonly changed?: boolean | null
    readonly held_sha256?: null
    readonly held_at?: null
    readonly check_at?: Date | null
    readonly check_until?: Date | null
    readonly check_tries?: number
    readonly restore_reason?: null
  }
  /** What the owner is told, if anything. */
  readonly notice?: Pick<HappenedNotice, 'kind' | 'detail'>
}

/** Moves it to its next state, with its history and notice. @throws AppError `conflict`, stale */
export async function moveDeployment(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  to: DeploymentState,
  result: Recorded,
): Promise<void> {
  const now = services.now()
  const log = sql`${JSON.stringify(result.log.map(plainText))}::jsonb`
  const failures = result.problem === null ? deployment.failures : deployment.failures + 1
  await services.db.transaction().execute(async (trx) => {
    await transition(trx, {
      subject: 'deployment',
      id: deployment.id,
      from: deployment.state,
      to,
      accountId: work.accountId,
      certificateId: work.certificateId,
      actor: EVERCERT_ACTOR,
      detail: result.problem?.message ?? `${deployment.targetName}: ${plainText(lastOf(result.said ?? result.log) ?? to)}`,
      now,
      set: {
        log: result.appends === true ? sql`log || ${log}` : log,
        problem: result.problem?.message ?? null,
        problem_code: result.problem?.code ?? null,
        retry_at: result.retryAt === null ? null : new Date(result.retryAt),
        failures,
        updated_at: new Date(now),
        begun_at: null,
        ...result.set,
      },
    })
    if (result.notice === undefined) return
    await planNotice(services, trx, {
      certificateId: work.certificateId,
      ...result.notice,
      occasion: `${deployment.id}:${failures}`,
      place: deployment.targetName,
    })
  })
}

/** Without its time. */
function lastOf(log: readonly string[]): string | undefined {
  return log.at(-1)?.replace(/^\d{4}-\d\d-\d\dT\S+Z /, '')
}

export interface Noted {
  readonly log: readonly string[]
  readonly baseline?: Baseline
  readonly held?: Held
  readonly checkAt?: number | null
  readonly checkTries?: number
  readonly restoreReason?: string
  readonly problem?: Problem
  readonly retryAt?: number
  readonly failures?: number
  /** Whether the target is touched from now on, or not any more. */
  readonly hasBegun?: boolean
  /** It puts the pair in place, however that ends; null: it did not, and of what was there before nothing else is known. */
  readonly changed?: true | null
}

/** Writes down what happened within a state. @throws AppError `conflict`, stale, when the deployment went on without us */
export async function noteDeployment(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  { log, baseline, held, checkAt, checkTries, restoreReason, problem, retryAt, failures, hasBegun, changed: isChanged }: Noted,
): Promise<void> {
  const { numUpdatedRows } = await services.db
    .updateTable('deployment')
    .set({
      log: sql`log || ${JSON.stringify(log.map(plainText))}::jsonb`,
      updated_at: new Date(services.now()),
      ...(baseline && { baseline: JSON.stringify(baseline) }),
      ...(held && { held_sha256: held.sha256, held_at: new Date(services.now()) }),
      ...(checkAt !== undefined && (checkAt === null ? { check_at: null, check_until: null } : { check_at: new Date(checkAt) })),
      ...(checkTries !== undefined && { check_tries: checkTries }),
      ...(restoreReason !== undefined && { restore_reason: restoreReason }),
      ...(problem !== undefined && { problem: problem.message, problem_code: problem.code }),
      ...(retryAt !== undefined && { retry_at: new Date(retryAt) }),
      ...(failures !== undefined && { failures }),
      ...(hasBegun !== undefined && { begun_at: hasBegun ? new Date(services.now()) : null }),
      ...doingColumns(isChanged),
    })
    .where('id', '=', deployment.id)
    .where('account_id', '=', work.accountId)
    .where('state', '=', deployment.state)
    .where('check_tries', '=', deployment.checkTries)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw changed(work)
}

function doingColumns(isChanged: Noted['changed']) {
  if (isChanged === undefined) return {}
  return isChanged === null ? { changed: null, previous_sha256: null } : { changed: isChanged }
}

/**
 * What was asked of the target is under way elsewhere: nothing failed, and the same is asked again later, or when it is told.
 *
 * @param isOurs the pair is this deployment's doing, whoever finds it in its place later
 * @throws AppError `conflict`, stale, when it was told meanwhile
 */
export async function waitForTarget(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  reason: AppError,
  isOurs = false,
): Promise<void> {
  const retryAt = services.now() + (reason.retryAfterSeconds ?? 60) * 1_000
  const log = deployment.problem === reason.message ? [] : [logLine(services, reason.message)]
  await noteDeployment(services, work, deployment, {
    log,
    problem: reason,
    retryAt,
    hasBegun: false,
    ...(isOurs && { changed: true }),
  })
}

/** What a job says of an error of a target. */
export function toFailure(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError('internal', 'Deploying: an unexpected error: see the log.')
}
