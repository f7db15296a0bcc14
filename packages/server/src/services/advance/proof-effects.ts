/**
 * The proof: probe every address of every endpoint, and close the renewal when all of them serve the new certificate.
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
import { recordHistory, transition, type Trx } from '../../db/transition.ts'
import { backoffMs, PROBES_BEFORE_ATTENTION } from '../../domain/backoff.ts'
import { AppError } from '../../domain/errors.ts'
import { trustedRoots } from '../catalogue.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { planNotice } from '../notices/plan.ts'
import { changed, type Work } from './facts.ts'
import { findRevokedSites } from './revoked-sites.ts'

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
  await recordProof(services, work, await findRevokedSites(services, work, results))
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
      const occasion = `${work.renewal.id}:${now}` // again each time that a person acted in vain
      await planNotice(services, trx, { certificateId: work.certificateId, kind: 'renewalAttention', occasion, detail })
    }
  })
}

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
  await services.db.transaction().execute((trx) =>
    transition(trx, {
      subject: 'renewal',
      id: renewal.id,
      from: renewal.state,
      to: 'closed',
      accountId: work.accountId,
      certificateId: work.certificateId,
      actor: EVERCERT_ACTOR,
      now,
      set: { closed_at: new Date(now) },
    }),
  )
}
