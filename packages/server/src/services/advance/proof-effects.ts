/**
 * The proof: probe every address of every endpoint, and close the renewal when all of them serve the new certificate.
 *
 * @module
 */
import type { ProbeEvent } from '@evercert/contract'
import { sql } from 'kysely'
import { OWN_KIND } from '../../db/endpoint-siblings.ts'
import { toMs } from '../../db/time.ts'
import { recordHistory, transition, type Trx } from '../../db/transition.ts'
import { backoffMs, PROBES_BEFORE_ATTENTION } from '../../domain/backoff.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { planRemovals } from '../earlier-uploads.ts'
import { planNotice } from '../notices/plan.ts'
import { loadExpectations, ofKind } from '../probing/expectation.ts'
import { verifySite } from '../probing/observe.ts'
import { describeFaults, showsStranger, storeProofs, type EndpointProof } from '../probing/record.ts'
import { nameMissing } from '../revocation-checks/missing.ts'
import { ensureReceiptKey } from '../receipts/key.ts'
import { issueReceipt } from '../receipts/issue.ts'
import { findServedBefore } from '../receipts/served-before.ts'
import { changed, type Work } from './facts.ts'
import { findProvable } from './provable.ts'
import { findRevokedSites } from './revoked-sites.ts'

/** Probes every address of every endpoint, stores what each serves, and marks the certificate served when all serve it. */
export async function probe(services: Services, work: Work, onSeen?: (event: ProbeEvent) => void): Promise<void> {
  const expectation = (await loadExpectations(services.db, [work.certificateId])).get(work.certificateId)
  if (expectation === undefined || expectation.issuanceId !== work.issuanceId) throw changed(work)
  const endpoints = await services.db
    .selectFrom('endpoint as e')
    .select(['id', 'host', 'port', 'server_name', 'protocol', 'jitter', 'proved_sha256', 'strayed_at'])
    .select(OWN_KIND.as('own_kind'))
    .where('account_id', '=', work.accountId)
    .where('certificate_id', '=', work.certificateId)
    .execute()
  const { trustedRootsPem } = expectation
  onSeen?.({ kind: 'begun', endpoints: endpoints.length })
  const results = await Promise.all(
    endpoints.map(async (row): Promise<EndpointProof> => {
      const { id, host, port, server_name: serverName, protocol, jitter, proved_sha256: provedSha256 } = row
      const seen = await verifySite(
        services,
        { host, port, serverName, protocol },
        {
          expected: ofKind(expectation, row.own_kind),
          trustedRootsPem,
          onVerdict: ({ address, verdict, cause, remedy }) =>
            onSeen?.({ kind: 'address', endpointId: id, host, port, address, verdict, cause, remedy }),
        },
      )
      const verification = await nameMissing(services, seen)
      const endpoint = { id, host, port, jitter, provedSha256, strayedAt: toMs(row.strayed_at) }
      return { endpoint, expectation, verification, bothKeys: row.own_kind === null, claimedUntil: null }
    }),
  )
  services.onStep('probe', 'done')
  await recordProof(services, work, await findRevokedSites(services, expectation, results))
}

/** @throws AppError `conflict`, stale, when the certificate or its endpoints are not those that were probed */
async function recordProof(services: Services, work: Work, results: readonly EndpointProof[]): Promise<void> {
  if (results.length === 0) return
  const now = services.now()
  const served = results.length > 0 && results.every(({ verification }) => verification.ok)
  const failures = served ? 0 : work.probeFailures + 1
  const isNew = served && work.facts.servedAt === null
  const key = isNew ? await ensureReceiptKey(services) : null // before the transaction: on the embedded database there is one connection
  const provable = served ? await findProvable(services, work, results) : new Set<string>()
  await services.db.transaction().execute(async (trx) => {
    const provedBefore = await refuseUnlessSame(trx, work, results)
    const replaces = key === null ? null : await findServedBefore(trx, results)
    await storeProofs(services, trx, results)
    await trx
      .updateTable('certificate')
      .set({
        served_at: served ? sql`coalesce(served_at, ${new Date(now)}::timestamptz)` : null, // since when, not when it was looked at last
        probe_failures: failures,
        probe_due_at: served ? null : new Date(now + backoffMs('serve', failures)),
        advance_at: new Date(now + backoffMs('serve', Math.max(1, failures))), // should the process die before it goes on
      })
      .where('id', '=', work.certificateId)
      .execute()
    const facts = { accountId: work.accountId, certificateId: work.certificateId, actor: EVERCERT_ACTOR, now }
    if (served) {
      const entry = {
        ...facts,
        subject: 'certificate',
        subjectId: work.certificateId,
        fromState: null,
        toState: 'served',
      } as const
      if (!provedBefore) await recordHistory(trx, { ...entry, detail: countServed(results) })
      await proveDeployments(trx, work, provable, facts)
      if (work.issuanceId !== null) await planRemovals(services, trx, { accountId: work.accountId, issuanceId: work.issuanceId })
      if (key !== null && !provedBefore) await issueReceipt(services, trx, { key, proofs: results, replaces })
    } else if (failures >= PROBES_BEFORE_ATTENTION) await tellOfFaults(services, trx, work, results)
  })
}

function countServed(results: readonly EndpointProof[]): string {
  const addresses = results.reduce((count, { verification }) => count + verification.addresses.length, 0)
  const seen = addresses === 1 ? '1 address' : `${addresses} addresses`
  const of = results.length === 1 ? '1 endpoint' : `${results.length} endpoints`
  return `${seen} of ${of} ${addresses === 1 ? 'serves' : 'serve'} it`
}

/** After so many looks: an open renewal asks for attention; without one strangers are told of. */
async function tellOfFaults(services: Services, trx: Trx, work: Work, results: readonly EndpointProof[]): Promise<void> {
  const { accountId, certificateId, renewal } = work
  if (renewal?.state !== 'open') return tellOfStrangers(services, trx, work, results)
  const now = services.now()
  const facts = { accountId, certificateId, actor: EVERCERT_ACTOR, now }
  const detail = describeFaults(results)
  await transition(trx, { ...facts, subject: 'renewal', id: renewal.id, from: 'open', to: 'attention', detail })
  const occasion = `${renewal.id}:${now}` // again each time that a person acted in vain
  await planNotice(services, trx, { certificateId, kind: 'renewalAttention', occasion, detail })
}

/**
 * A certificate that no one knows, where this one was never proved. Once for each issuance, whatever the number of its endpoints. What has its own
 * notice is not told twice: a renewal that asks for attention, and a deployment that failed.
 */
async function tellOfStrangers(services: Services, trx: Trx, work: Work, results: readonly EndpointProof[]): Promise<void> {
  const { certificateId, issuanceId, renewal, facts } = work
  const isTold =
    renewal?.state === 'attention' || facts.deployments.some(({ state }) => state !== 'applied' && state !== 'proved')
  const [first, ...others] = results.filter((proof) => isToServe(proof, services.now()) && showsStranger(proof))
  if (isTold || first === undefined || issuanceId === null) return
  const place = `${first.endpoint.host}:${first.endpoint.port}`
  const detail = describeFaults([first, ...others])
  const occasion = `unknown:${issuanceId}`
  await planNotice(services, trx, { certificateId, kind: 'endpointStrayed', occasion, detail, place, neverProved: true })
}

/** Never proved; and before its time another one has to be there. */
function isToServe({ endpoint, expectation }: EndpointProof, now: number): boolean {
  return endpoint.provedSha256 !== expectation.expected.sha256 && expectation.notBefore <= now
}

/**
 * What was probed must still be what has to be proved: the lock keeps it so until the proof is stored.
 *
 * @returns whether it was proved meanwhile: a job and a person may look at the same time
 */
async function refuseUnlessSame(trx: Trx, work: Work, results: readonly EndpointProof[]): Promise<boolean> {
  const certificate = await sql<{
    issuance_id: string | null
    served_at: Date | null
  }>`select issuance_id, served_at from certificate
    where id = ${work.certificateId} and account_id = ${work.accountId} for update`.execute(trx)
  const endpoints = await trx
    .selectFrom('endpoint')
    .select('id')
    .where('account_id', '=', work.accountId)
    .where('certificate_id', '=', work.certificateId)
    .execute()
  const probed = new Set(results.map(({ endpoint }) => endpoint.id))
  const sameEndpoints = endpoints.length === probed.size && endpoints.every(({ id }) => probed.has(id))
  const [row] = certificate.rows
  if (row?.issuance_id !== work.issuanceId || !sameEndpoints) throw changed(work)
  return row.served_at !== null
}

async function proveDeployments(
  trx: Trx,
  work: Work,
  provable: ReadonlySet<string>,
  facts: { readonly accountId: string; readonly certificateId: string; readonly actor: string; readonly now: number },
): Promise<void> {
  for (const deployment of work.facts.deployments) {
    if (deployment.state !== 'applied' || !provable.has(deployment.id)) continue
    await transition(trx, { ...facts, subject: 'deployment', id: deployment.id, from: 'applied', to: 'proved' })
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
