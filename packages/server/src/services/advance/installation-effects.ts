/**
 * The effects between issuance and proof: install on each target, probe each endpoint, close the renewal when all of them serve it.
 *
 * @module
 */
import { isIP } from 'node:net'
import { sql } from 'kysely'
import { parseChain } from '@evercert/pki'
import {
  verifyHost,
  type AddressVerification,
  type Explanation,
  type HostVerification,
  type VerifyRequest,
} from '@evercert/pki/probe'
import { recordHistory, transition } from '../../db/transition.ts'
import { backoffMs, PROBES_BEFORE_ATTENTION } from '../../domain/backoff.ts'
import type { DeploymentState } from '../../domain/deployment/deployment-machine.ts'
import { AppError } from '../../domain/errors.ts'
import type { DeployEvidence } from '../../ports/deploy.ts'
import { trustedRoots } from '../catalogue.ts'
import { EVERCERT_ACTOR, findAdapter, notFound, parseConfig, type Services } from '../context.ts'
import type { Work } from './facts.ts'

interface DeploymentWork {
  readonly id: string
  readonly state: DeploymentState
  readonly failures: number
  readonly kind: string
  readonly configSecretId: string
  readonly targetName: string
  readonly chainPem: string
  readonly sha256: string
  readonly keySecretId: string | null
}

/** Installs one issuance on one target. Its failure is recorded with it and stops nothing else. */
export async function deploy(services: Services, work: Work, deploymentId: string): Promise<void> {
  const deployment = await loadDeployment(services, work, deploymentId)
  if (deployment.state !== 'planned') await move(services, work, deployment, 'planned', { log: [], problem: null, retryAt: null })
  try {
    const evidence = await applyToTarget(services, work, deployment)
    services.onStep('deploy', 'done')
    await move(services, work, { ...deployment, state: 'planned' }, 'applied', {
      log: evidence.log,
      problem: null,
      retryAt: null,
    })
  } catch (error) {
    if (error instanceof AppError && error.stale) throw error
    await recordDeployFailure(services, work, { ...deployment, state: 'planned' }, error)
  }
}

async function applyToTarget(services: Services, work: Work, deployment: DeploymentWork): Promise<DeployEvidence> {
  if (deployment.keySecretId === null) {
    throw new AppError(
      'deployRefused',
      `Deploying to ${deployment.targetName}: the private key is not here, since the CSR was yours: install the certificate by hand.`,
    )
  }
  const adapter = findAdapter(services.adapters.deploy, deployment.kind, 'target')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, deployment.configSecretId, 'targetConfig'))
  const target = adapter.create(parseConfig(adapter, raw), services.kit)
  const privateKeyPem = await services.vault.open(services.db, deployment.keySecretId, 'privateKey')
  services.log.info({ event: 'deployment.apply', certificateId: work.certificateId, deploymentId: deployment.id })
  return target.apply({ chainPem: deployment.chainPem, privateKeyPem, sha256: deployment.sha256 })
}

async function loadDeployment(services: Services, work: Work, id: string): Promise<DeploymentWork> {
  const row = await services.db
    .selectFrom('deployment')
    .innerJoin('target', 'target.id', 'deployment.target_id')
    .innerJoin('issuance', 'issuance.id', 'deployment.issuance_id')
    .leftJoin('private_key', 'private_key.id', 'issuance.private_key_id')
    .select([
      'deployment.id',
      'deployment.state',
      'deployment.failures',
      'target.kind',
      'target.name',
      'target.config_secret_id',
      'issuance.chain_pem',
      'issuance.sha256',
      'private_key.secret_id',
    ])
    .where('deployment.id', '=', id)
    .where('deployment.account_id', '=', work.accountId)
    .where('target.certificate_id', '=', work.certificateId)
    .where('deployment.issuance_id', '=', work.issuanceId)
    .executeTakeFirst()
  if (row === undefined) throw changed(work)
  return {
    id: row.id,
    state: row.state,
    failures: row.failures,
    kind: row.kind,
    configSecretId: row.config_secret_id,
    targetName: row.name,
    chainPem: row.chain_pem,
    sha256: row.sha256,
    keySecretId: row.secret_id,
  }
}

function changed(work: Work): AppError {
  return new AppError('conflict', `Installing ${work.certificateId}: what belongs where changed meanwhile: it is read again.`, {
    stale: true,
  })
}

interface DeploymentResult {
  readonly log: readonly string[]
  readonly problem: string | null
  readonly retryAt: number | null
}

async function move(
  services: Services,
  work: Work,
  deployment: DeploymentWork,
  to: DeploymentState,
  result: DeploymentResult,
): Promise<void> {
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    await transition(trx, {
      subject: 'deployment',
      id: deployment.id,
      from: deployment.state,
      to,
      accountId: work.accountId,
      certificateId: work.certificateId,
      actor: EVERCERT_ACTOR,
      detail: result.problem ?? `${deployment.targetName}: ${result.log.at(-1) ?? to}`,
      now,
    })
    await trx
      .updateTable('deployment')
      .set({
        log: JSON.stringify(result.log),
        problem: result.problem,
        retry_at: result.retryAt === null ? null : new Date(result.retryAt),
        failures: result.problem === null ? deployment.failures : deployment.failures + 1,
        updated_at: new Date(now),
      })
      .where('id', '=', deployment.id)
      .execute()
  })
}

async function recordDeployFailure(services: Services, work: Work, deployment: DeploymentWork, error: unknown): Promise<void> {
  const failure = error instanceof AppError ? error : new AppError('internal', 'Deploying: an unexpected error: see the log.')
  services.log.warn({ event: 'deployment.failed', certificateId: work.certificateId, deploymentId: deployment.id, error })
  const retryAt = failure.retry === 'never' ? null : services.now() + backoffMs('upstream', deployment.failures + 1)
  const to = failure.code === 'rolledBack' ? 'rolledBack' : 'failed'
  await move(services, work, deployment, to, { log: [], problem: failure.message, retryAt })
}

const PROBE_CONCURRENCY = 8
const PROBE_TIMEOUT_MS = 10_000

interface EndpointRow {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly server_name: string
}

/** Probes every address of every endpoint, stores what each serves, and marks the certificate served when all serve it. */
export async function probe(services: Services, work: Work): Promise<void> {
  const { expected, roots } = await loadExpectation(services, work)
  const endpoints = await services.db
    .selectFrom('endpoint')
    .select(['id', 'host', 'port', 'server_name'])
    .where('account_id', '=', work.accountId)
    .where('certificate_id', '=', work.certificateId)
    .execute()
  const results = await Promise.all(
    endpoints.map(async (endpoint) => ({
      endpoint,
      verification: await verifyEndpoint(services, endpoint, { expected, trustedRootsPem: roots }),
    })),
  )
  services.onStep('probe', 'done')
  await recordProof(services, work, results)
}

async function verifyEndpoint(
  services: Services,
  endpoint: EndpointRow,
  trust: Pick<VerifyRequest, 'expected' | 'trustedRootsPem'>,
): Promise<HostVerification> {
  const { host, port, server_name: serverName } = endpoint
  const refusal = isIP(host) === 0 ? null : services.kit.guardAddress(host) // a literal is never resolved, so it is judged here
  if (refusal !== null) return { host, port, serverName, addresses: [], unresolved: forbidden(host, refusal), ok: false }
  return verifyHost({
    host,
    port,
    serverName,
    ...trust,
    resolver: (name) => resolveAllowed(services, name),
    concurrency: PROBE_CONCURRENCY,
    timeoutMs: PROBE_TIMEOUT_MS,
    now: services.now(),
  })
}

function forbidden(host: string, refusal: string): Explanation {
  return {
    cause: { en: `${host} is ${refusal}: it was not dialled.`, zh: `${host} 属于不允许访问的地址（${refusal}），未发起连接。` },
    remedy: {
      en: 'If it is meant, the operator allows its range with EVERCERT_ALLOW_ADDRESSES.',
      zh: '如确需访问，请管理员通过 EVERCERT_ALLOW_ADDRESSES 放行该网段。',
    },
  }
}

/** Addresses that the operator does not allow are not dialled; the reason becomes the verdict's cause. */
async function resolveAllowed(services: Services, name: string): Promise<readonly string[]> {
  const addresses = await services.kit.resolver.resolveAddresses(name)
  for (const address of addresses) {
    const refusal = services.kit.guardAddress(address)
    if (refusal !== null) {
      throw new AppError(
        'addressForbidden',
        `${name} has the address ${address}, which is ${refusal}: allow it with EVERCERT_ALLOW_ADDRESSES.`,
      )
    }
  }
  return addresses
}

async function loadExpectation(services: Services, work: Work) {
  const row = await services.db
    .selectFrom('issuance')
    .leftJoin('application', 'application.id', 'issuance.application_id')
    .select(['issuance.sha256', 'issuance.chain_pem', 'application.issuer_id'])
    .where('issuance.id', '=', work.issuanceId)
    .where('issuance.account_id', '=', work.accountId)
    .executeTakeFirstOrThrow()
  const previousSha256 = await loadPreviousSha256(services, work)
  const roots = row.issuer_id === null ? [] : await trustedRoots(services, row.issuer_id)
  const intermediatesSha256 = parseChain(row.chain_pem)
    .slice(1)
    .filter((certificate) => certificate.subject !== certificate.issuer) // a root in the chain need not be sent (RFC 8446 §4.4.2)
    .map((certificate) => certificate.sha256)
  return { expected: { sha256: row.sha256, previousSha256, intermediatesSha256 }, roots }
}

/** What was served before: the issuance that a reissue replaces, or the certificate that a renewal replaces. */
async function loadPreviousSha256(services: Services, work: Work): Promise<string | null> {
  const reissued = await services.db
    .selectFrom('issuance')
    .select('sha256')
    .where('certificate_id', '=', work.certificateId)
    .where('account_id', '=', work.accountId)
    .where('id', '<>', work.issuanceId)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  if (reissued !== undefined || work.renewsCertificateId === null) return reissued?.sha256 ?? null
  const old = await services.db
    .selectFrom('certificate')
    .innerJoin('issuance', 'issuance.id', 'certificate.issuance_id')
    .select('issuance.sha256')
    .where('certificate.id', '=', work.renewsCertificateId)
    .where('certificate.account_id', '=', work.accountId)
    .executeTakeFirst()
  return old?.sha256 ?? null
}

interface EndpointProof {
  readonly endpoint: EndpointRow
  readonly verification: HostVerification
}

/** @throws AppError `conflict`, stale, when the certificate or its endpoints are not those that were probed */
async function recordProof(services: Services, work: Work, results: readonly EndpointProof[]): Promise<void> {
  if (results.length === 0) return
  const now = services.now()
  const served = results.length > 0 && results.every(({ verification }) => verification.ok)
  const failures = served ? 0 : work.probeFailures + 1
  await services.db.transaction().execute(async (trx) => {
    await refuseUnlessSame(trx, work, results)
    for (const { endpoint, verification } of results) {
      await storeObservations(trx, work, endpoint, toObservationRows(work, endpoint, verification, new Date(now)))
    }
    await trx
      .updateTable('certificate')
      .set({
        served_at: served ? new Date(now) : null,
        probe_failures: failures,
        probe_due_at: served ? null : new Date(now + backoffMs('serve', failures)),
        advance_at: new Date(now + backoffMs('serve', Math.max(1, failures))), // should the process die before it goes on
      })
      .where('id', '=', work.certificateId)
      .execute()
    const facts = { accountId: work.accountId, certificateId: work.certificateId, actor: EVERCERT_ACTOR, now }
    if (served) {
      const addresses = results.reduce((count, { verification }) => count + verification.addresses.length, 0)
      const detail = `${addresses} addresses of ${results.length} endpoints serve it`
      await recordHistory(trx, {
        ...facts,
        subject: 'certificate',
        subjectId: work.certificateId,
        fromState: null,
        toState: 'served',
        detail,
      })
      await proveDeployments(trx, work, facts)
    } else if (failures >= PROBES_BEFORE_ATTENTION && work.renewal?.state === 'open') {
      const detail = describeFailures(results)
      await transition(trx, { ...facts, subject: 'renewal', id: work.renewal.id, from: 'open', to: 'attention', detail })
    }
  })
}

type Trx = Parameters<typeof transition>[0]

/** What was probed must still be what has to be proved: the lock keeps it so until the proof is stored. */
async function refuseUnlessSame(trx: Trx, work: Work, results: readonly EndpointProof[]): Promise<void> {
  const certificate = await sql<{ issuance_id: string | null }>`select issuance_id from certificate
    where id = ${work.certificateId} and account_id = ${work.accountId} for update`.execute(trx)
  const endpoints = await trx
    .selectFrom('endpoint')
    .select('id')
    .where('account_id', '=', work.accountId)
    .where('certificate_id', '=', work.certificateId)
    .execute()
  const probed = new Set(results.map(({ endpoint }) => endpoint.id))
  const sameEndpoints = endpoints.length === probed.size && endpoints.every(({ id }) => probed.has(id))
  if (certificate.rows[0]?.issuance_id !== work.issuanceId || !sameEndpoints) throw changed(work)
}

/** The latest observation of each address; addresses that the name no longer has are forgotten. */
async function storeObservations(
  trx: Trx,
  work: Work,
  endpoint: EndpointRow,
  rows: ReturnType<typeof toObservationRows>,
): Promise<void> {
  const addresses = rows.map(({ address }) => address)
  await trx
    .deleteFrom('observation')
    .where('endpoint_id', '=', endpoint.id)
    .where('account_id', '=', work.accountId)
    .where('address', 'not in', addresses)
    .execute()
  await trx
    .insertInto('observation')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['endpoint_id', 'address']).doUpdateSet((builder) => ({
        certificate_id: builder.ref('excluded.certificate_id'),
        verdict: builder.ref('excluded.verdict'),
        sha256: builder.ref('excluded.sha256'),
        chain_sha256: builder.ref('excluded.chain_sha256'),
        not_before: builder.ref('excluded.not_before'),
        not_after: builder.ref('excluded.not_after'),
        cause: builder.ref('excluded.cause'),
        remedy: builder.ref('excluded.remedy'),
        observed_at: builder.ref('excluded.observed_at'),
      })),
    )
    .execute()
}

async function proveDeployments(
  trx: Trx,
  work: Work,
  facts: { readonly accountId: string; readonly certificateId: string; readonly actor: string; readonly now: number },
): Promise<void> {
  for (const deployment of work.facts.deployments) {
    if (deployment.state !== 'applied') continue
    await transition(trx, { ...facts, subject: 'deployment', id: deployment.id, from: 'applied', to: 'proved' })
  }
}

function describeFailures(results: readonly EndpointProof[]): string {
  return results
    .flatMap(({ endpoint, verification }) => [
      ...(verification.unresolved === null ? [] : [`${endpoint.host}: ${verification.unresolved.cause.en}`]),
      ...verification.addresses
        .filter(({ verdict }) => verdict !== 'served')
        .map(({ address, verdict }) => `${endpoint.host} at ${address}: ${verdict}`),
    ])
    .join('; ')
}

function toObservationRows(work: Work, endpoint: EndpointRow, verification: HostVerification, observedAt: Date) {
  const common = {
    endpoint_id: endpoint.id,
    account_id: work.accountId,
    certificate_id: work.certificateId,
    observed_at: observedAt,
  }
  if (verification.unresolved !== null) {
    const { cause, remedy } = verification.unresolved
    return [
      {
        ...common,
        address: endpoint.host,
        verdict: 'unreachable',
        sha256: null,
        chain_sha256: [],
        not_before: null,
        not_after: null,
        cause: JSON.stringify(cause),
        remedy: JSON.stringify(remedy),
      },
    ]
  }
  return verification.addresses.map((seen) => ({ ...common, ...toObservation(seen) }))
}

function toObservation(seen: AddressVerification) {
  const { observation } = seen
  const leaf = observation.reachable ? observation.chain[0] : null
  return {
    address: seen.address,
    verdict: seen.verdict,
    sha256: leaf?.sha256 ?? null,
    chain_sha256: observation.reachable ? observation.chain.map(({ sha256 }) => sha256) : [],
    not_before: leaf === null ? null : new Date(leaf.notBefore),
    not_after: leaf === null ? null : new Date(leaf.notAfter),
    cause: JSON.stringify(seen.cause),
    remedy: JSON.stringify(seen.remedy),
  }
}

/** The end of a renewal: every endpoint was seen to serve the new certificate. */
export async function closeRenewal(services: Services, work: Work): Promise<void> {
  const { renewal } = work
  if (renewal === null) return
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    await transition(trx, {
      subject: 'renewal',
      id: renewal.id,
      from: renewal.state,
      to: 'closed',
      accountId: work.accountId,
      certificateId: work.certificateId,
      actor: EVERCERT_ACTOR,
      now,
    })
    await trx
      .updateTable('renewal')
      .set({ closed_at: new Date(now) })
      .where('id', '=', renewal.id)
      .execute()
  })
}
