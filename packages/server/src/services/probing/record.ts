/**
 * Stores what probes saw: many endpoints in a few statements, and what follows for each endpoint.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Verdict } from '@evercert/contract'
import type { AddressVerification, HostVerification } from '@evercert/pki/probe'
import { writeLater } from '../../db/later.ts'
import type { OtherObservation } from '../../db/proof-tables.ts'
import { recordHistory, type Trx } from '../../db/transition.ts'
import { nextProbeAt } from '../../domain/endpoint/schedule.ts'
import { showsWrongCertificate, worstVerdict } from '../../domain/endpoint/worst-verdict.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { planNotice } from '../notices/plan.ts'
import { noteStrangers } from '../revocation-checks/note.ts'
import { tellOfRevokedIssuer, type RevokedIssuer } from '../revocation-checks/revoked-issuers.ts'
import type { ProofExpectation } from './expectation.ts'

/** An endpoint as it was when it was probed. Instants in epoch milliseconds. */
export interface ProbedEndpoint {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly jitter: number
  readonly provedSha256: string | null
  readonly strayedAt: number | null
}

export interface EndpointProof {
  readonly endpoint: ProbedEndpoint
  readonly expectation: ProofExpectation
  readonly verification: HostVerification
  /** Both kinds of keys were asked for. */
  readonly bothKeys: boolean
  /** What its `probe_at` was set to when it was claimed; null: it was not claimed, and is locked otherwise. */
  readonly claimedUntil: number | null
  /** Intermediates above what it serves that were revoked. */
  readonly revokedIssuers?: readonly RevokedIssuer[]
}

export function verdictOf({ unresolved, addresses }: HostVerification): Verdict {
  if (unresolved !== null) return 'unreachable'
  return worstVerdict(addresses.flatMap(({ verdict, other }) => (other === null ? [verdict] : [verdict, other.verdict])))
}

/**
 * Stores each whose claim and issuance still hold; the others are probed again when their claim runs out. One that was proved and shows
 * another certificate now is told of, once for each time.
 *
 * @returns the ids of those that were stored
 */
export async function storeProofs(services: Services, trx: Trx, proofs: readonly EndpointProof[]): Promise<ReadonlySet<string>> {
  const now = services.now()
  const rows = proofs.map((proof) => toEndpointRow(services, proof, now))
  const { rows: stored } = await sql<{ id: string }>`
    update endpoint e set verdict = s.verdict, not_after = s.not_after, probed_at = s.probed_at, probe_at = s.probe_at,
      both_keys_at = coalesce(s.both_keys_at, e.both_keys_at), strayed_at = s.strayed_at,
      proved_sha256 = coalesce(s.proved_sha256, e.proved_sha256), proved_at = coalesce(s.proved_at, e.proved_at)
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as s (id text, account_id text, certificate_id text, issuance_id text,
        verdict text, not_after timestamptz, probed_at timestamptz, probe_at timestamptz, both_keys_at timestamptz,
        strayed_at timestamptz, proved_sha256 text, proved_at timestamptz, claimed_until timestamptz)
      join certificate c on c.id = s.certificate_id and c.account_id = s.account_id and c.issuance_id = s.issuance_id
    where e.id = s.id and e.account_id = s.account_id and e.certificate_id = s.certificate_id
      and (s.claimed_until is null or e.probe_at = s.claimed_until)
    returning e.id`.execute(trx)
  const ids = new Set(stored.map(({ id }) => id))
  const kept = proofs.filter(({ endpoint }) => ids.has(endpoint.id))
  const strangers = await strangersBefore(trx, kept)
  await storeObservations(trx, kept, new Date(now).toISOString())
  await noteStrangers(services, trx, kept)
  for (const proof of kept) {
    await tellOfChange(services, trx, proof, { now, known: strangers.get(proof.endpoint.id) ?? null })
    const { endpoint, expectation, revokedIssuers = [] } = proof
    const { accountId, certificateId } = expectation
    const sender = { accountId, certificateId, place: `${endpoint.host}:${endpoint.port}` }
    for (const issuer of revokedIssuers) await tellOfRevokedIssuer(services, trx, sender, issuer)
  }
  return ids
}

/** What those that have strayed already showed at the last look: another one is news. */
async function strangersBefore(trx: Trx, proofs: readonly EndpointProof[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const strayed = proofs.filter(({ endpoint, verification }) => endpoint.strayedAt !== null && !verification.ok)
  const known = new Map(strayed.map(({ endpoint }) => [endpoint.id, new Set<string>()]))
  if (strayed.length === 0) return known
  const rows = await trx
    .selectFrom('observation')
    .select(['endpoint_id', 'sha256', 'other'])
    .where('endpoint_id', 'in', [...known.keys()])
    .where('sha256', 'is not', null)
    .execute()
  for (const { endpoint_id: id, sha256, other } of rows)
    for (const seen of [sha256, other?.sha256 ?? null]) if (seen !== null) known.get(id)?.add(shortOf(seen))
  return known
}

function toEndpointRow(services: Services, proof: EndpointProof, now: number) {
  const { endpoint, expectation, verification } = proof
  const at = new Date(now).toISOString()
  const strayedAt = strayedAtOf(proof, now)
  const ends = verification.addresses.flatMap(({ observation }) => (observation.reachable ? [observation.chain[0].notAfter] : []))
  const changedAt = strayedAt ?? (verification.ok && expectation.servedAt === null ? now : expectation.servedAt)
  const facts = { jitter: endpoint.jitter, intervalMs: services.probing.intervalMs, notAfter: expectation.notAfter, changedAt }
  return {
    id: endpoint.id,
    account_id: expectation.accountId,
    certificate_id: expectation.certificateId,
    issuance_id: expectation.issuanceId,
    verdict: verdictOf(verification),
    not_after: ends.length === 0 ? null : toInstant(Math.min(...ends)),
    probed_at: at,
    probe_at: new Date(nextProbeAt({ ...facts, isInOrder: verification.ok }, now)).toISOString(),
    both_keys_at: proof.bothKeys ? at : null,
    strayed_at: strayedAt === null ? null : new Date(strayedAt).toISOString(),
    proved_sha256: verification.ok ? expectation.expected.sha256 : null,
    proved_at: verification.ok ? at : null,
    claimed_until: proof.claimedUntil === null ? null : new Date(proof.claimedUntil).toISOString(),
  }
}

/** The worst of what is not as expected. A revocation of that, or above it, is told of by itself: the endpoint is not what changed. */
function worstStranger({ unresolved, addresses }: HostVerification, sha256: string | undefined): Verdict {
  if (unresolved !== null) return 'unreachable'
  const seen = addresses.flatMap((one) => (one.other === null ? [one] : [one, one.other]))
  const isExpected = ({ observation, verdict }: Pick<AddressVerification, 'observation' | 'verdict'>): boolean =>
    verdict === 'revoked' && observation.reachable && observation.chain[0].sha256 === sha256
  return worstVerdict(['served', ...seen.filter((one) => !isExpected(one)).map(({ verdict }) => verdict)])
}

/** Whether an address shows a certificate that is neither the one to be served nor the one before it: by itself that does not become right. */
export function showsStranger({ expectation, verification }: Pick<EndpointProof, 'expectation' | 'verification'>): boolean {
  const { sha256, previousSha256 } = expectation.expected
  return verification.addresses
    .flatMap((one) => (one.other === null ? [one] : [one, one.other]))
    .some(({ verdict, observation }) => {
      if (!observation.reachable || !showsWrongCertificate(verdict)) return false
      const [leaf] = observation.chain
      return leaf.sha256 !== sha256 && leaf.sha256 !== previousSha256
    })
}

/** It was proved to serve what it has to serve still, and shows something else; an address that is silent settles nothing. */
function strayedAtOf({ endpoint, expectation, verification }: EndpointProof, now: number): number | null {
  if (verification.ok) return null
  const wasProved = endpoint.provedSha256 === expectation.expected.sha256
  if (!wasProved) return null
  const worst = worstStranger(verification, expectation.expected.sha256)
  return endpoint.strayedAt ?? (showsWrongCertificate(worst) ? now : null)
}

interface Before {
  readonly now: number
  /** Null: it had not strayed. */
  readonly known: ReadonlySet<string> | null
}

async function tellOfChange(services: Services, trx: Trx, proof: EndpointProof, { now, known }: Before): Promise<void> {
  const { endpoint, expectation, verification } = proof
  const strayedAt = strayedAtOf(proof, now)
  const offenders = offendersOf(verification)
  const isNew = strayedAt !== null && (known === null || offenders.some((one) => !known.has(one)))
  const isOver = verification.ok && endpoint.strayedAt !== null
  if (!isNew && !isOver) return
  const { accountId, certificateId } = expectation
  const place = `${endpoint.host}:${endpoint.port}`
  const detail = strayedAt === null ? place : describeFaults([proof])
  await recordHistory(trx, {
    accountId,
    certificateId,
    subject: 'endpoint',
    subjectId: endpoint.id,
    fromState: null,
    toState: strayedAt === null ? 'recovered' : 'strayed',
    actor: EVERCERT_ACTOR,
    detail,
    now,
  })
  if (strayedAt === null) return
  const occasion = `${endpoint.id}:${offenders.join('+')}:${new Date(now).toISOString().slice(0, 10)}`
  await planNotice(services, trx, { certificateId, kind: 'endpointStrayed', occasion, detail, place })
}

/** What makes it the same notice: the same strangers on the same day, under either kind of key, however often it goes to and fro. */
function offendersOf({ addresses }: HostVerification): readonly string[] {
  const seen = addresses
    .flatMap((one) => (one.other === null ? [one] : [one, one.other]))
    .flatMap(({ verdict, observation }) =>
      observation.reachable && verdict !== 'served' ? [shortOf(observation.chain[0].sha256)] : [],
    )
  return [...new Set(seen)].toSorted((one, other) => one.localeCompare(other))
}

const shortOf = (sha256: string): string => sha256.slice(0, 16)

/** One line for people: which address of which endpoint serves what. */
export function describeFaults(proofs: readonly Pick<EndpointProof, 'endpoint' | 'verification'>[]): string {
  return proofs
    .flatMap(({ endpoint, verification }) => [
      ...(verification.unresolved === null ? [] : [`${endpoint.host}: ${verification.unresolved.cause.en}`]),
      ...verification.addresses
        .flatMap(({ address, verdict, other }) =>
          [verdict, other?.verdict ?? 'served'].map((each) => ({ address, verdict: each })),
        )
        .filter(({ verdict }) => verdict !== 'served')
        .map(({ address, verdict }) => `${endpoint.host} at ${address}: ${verdict}`),
    ])
    .join('; ')
}

/** The latest observation of each address; addresses that the name no longer has are forgotten. */
async function storeObservations(trx: Trx, proofs: readonly EndpointProof[], observedAt: string): Promise<void> {
  if (proofs.length === 0) return
  const rows = JSON.stringify(proofs.flatMap<object>((proof) => toObservationRows(proof, observedAt)))
  const gone = sql`delete from observation o using endpoint e
    where e.id = any(${proofs.map(({ endpoint }) => endpoint.id)}::text[]) and o.endpoint_id = e.id and o.account_id = e.account_id
      and not exists (select 1 from jsonb_to_recordset(${rows}::jsonb) as s (endpoint_id text, address text)
        where s.endpoint_id = o.endpoint_id and s.address = o.address)`
  const seen = sql`insert into observation (endpoint_id, account_id, certificate_id, address, verdict, sha256, chain_sha256, not_before,
      not_after, cause, remedy, observed_at, key_kind, other)
    select endpoint_id, account_id, certificate_id, address, verdict, sha256, chain_sha256, not_before,
      not_after, cause, remedy, observed_at, key_kind, other
    from jsonb_to_recordset(${rows}::jsonb) as s (endpoint_id text, account_id text, certificate_id text, address text, verdict text,
      sha256 text, chain_sha256 text[], not_before timestamptz, not_after timestamptz, cause jsonb, remedy jsonb,
      observed_at timestamptz, key_kind text, other jsonb)
    on conflict (endpoint_id, address) do update set certificate_id = excluded.certificate_id, verdict = excluded.verdict,
      sha256 = excluded.sha256, chain_sha256 = excluded.chain_sha256, not_before = excluded.not_before,
      not_after = excluded.not_after, cause = excluded.cause, remedy = excluded.remedy, observed_at = excluded.observed_at,
      key_kind = excluded.key_kind, other = excluded.other`
  for (const write of [gone, seen]) await writeLater(trx, write.compile(trx))
}

function toObservationRows({ endpoint, expectation, verification }: EndpointProof, observedAt: string) {
  const common = {
    endpoint_id: endpoint.id,
    account_id: expectation.accountId,
    certificate_id: expectation.certificateId,
    observed_at: observedAt,
  }
  if (verification.unresolved === null) return verification.addresses.map((seen) => ({ ...common, ...toObservation(seen) }))
  const { cause, remedy } = verification.unresolved
  return [{ ...common, address: endpoint.host, verdict: 'unreachable', chain_sha256: [], cause, remedy }]
}

function toObservation({ address, verdict, cause, remedy, observation, other }: AddressVerification) {
  const leaf = observation.reachable ? observation.chain[0] : null
  return {
    address,
    verdict,
    sha256: leaf?.sha256 ?? null,
    chain_sha256: observation.reachable ? observation.chain.map(({ sha256 }) => sha256) : [],
    not_before: leaf === null ? null : toInstant(leaf.notBefore),
    not_after: leaf === null ? null : toInstant(leaf.notAfter),
    cause,
    remedy,
    key_kind: leaf?.keyKind ?? null,
    other: other === null ? null : toOther(other),
  }
}

function toOther({ verdict, cause, remedy, observation }: NonNullable<AddressVerification['other']>): OtherObservation {
  const [leaf] = observation.chain
  return {
    verdict,
    keyKind: leaf.keyKind,
    sha256: leaf.sha256,
    chainSha256: observation.chain.map(({ sha256 }) => sha256),
    notBefore: toInstant(leaf.notBefore) ?? EPOCH,
    notAfter: toInstant(leaf.notAfter) ?? EPOCH,
    cause,
    remedy,
  }
}

const EPOCH = new Date(0).toISOString()

/** A stranger's certificate may hold a date that is none, or one that a database does not take. */
function toInstant(epochMs: number): string | null {
  const date = new Date(epochMs)
  const year = date.getUTCFullYear()
  return Number.isNaN(year) || year < 1 || year > 9999 ? null : date.toISOString()
}
