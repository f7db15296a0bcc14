/**
 * Probes endpoints by schedule: claims what is due, looks at some at once, stores what was seen in batches. Costs by what is due.
 *
 * @module
 */
import { sql } from 'kysely'
import type { EndpointProtocol } from '@evercert/contract'
import type { SiteKeyKind } from '@evercert/pki/probe'
import { OWN_KIND } from '../../db/endpoint-siblings.ts'
import { toMs } from '../../db/time.ts'
import { firstProbeAt } from '../../domain/endpoint/schedule.ts'
import { DAY_MS } from '../../domain/time.ts'
import { findRevokedSites } from '../advance/revoked-sites.ts'
import type { Services } from '../context.ts'
import { nameMissing } from '../revocation-checks/missing.ts'
import { loadExpectations, ofKind, type ProofExpectation } from './expectation.ts'
import { verifySite } from './observe.ts'
import { proveLate } from './prove-late.ts'
import { storeProofs, type EndpointProof } from './record.ts'

const CLAIM_AT_ONCE = 256
/** What other nodes claim at the same moment is passed over. */
const LOOK_AT_ONCE = 4 * CLAIM_AT_ONCE
const STORE_AT_ONCE = 128
/** Who has few results waits so long for more. */
const STORE_AFTER_MS = 100
/** Longer than a claim takes to be worked off. A node that dies leaves its endpoints to whoever looks after that. */
const CLAIM_MS = 300_000
/** Of one host at the same time, by this node. */
const MAX_PER_HOST = 2
/** Of one host in a claim: one with thousands of endpoints holds up nobody else. */
const MAX_CLAIMED_PER_HOST = 16
/** The certificate for the other kind of key is asked for once a day, and where there is one, each time. */
const BOTH_KEYS_EVERY_MS = DAY_MS

export interface Prober {
  /** Claims what is due and starts it, without waiting for it. @returns how many endpoints were claimed */
  round(): Promise<number>
  /** Resolves when nothing is under way and everything seen is stored. */
  idle(): Promise<void>
}

interface Claimed {
  readonly id: string
  readonly account_id: string
  readonly certificate_id: string
  readonly host: string
  readonly port: number
  readonly server_name: string
  readonly protocol: EndpointProtocol
  readonly jitter: number
  readonly proved_sha256: string | null
  readonly strayed_at: Date | null
  readonly asks_both: boolean
  /** Null: whatever is served there is looked at. */
  readonly own_kind: SiteKeyKind | null
}

interface Task {
  readonly row: Claimed
  readonly expectation: ProofExpectation
  readonly claimedUntil: number
}

/** @param signal aborted when the service stops: what is under way is left for the next start */
export function createProber(services: Services, signal: AbortSignal): Prober {
  const waiting: Task[] = []
  const hosts = new Map<string, number>()
  const underWay = new Set<Promise<void>>()
  const named = new Set<Promise<void>>()
  const batches = createBatches(services)
  let claiming: Promise<number> | null = null

  const take = (): Task | null => {
    const at = waiting.findIndex(({ row }) => (hosts.get(row.host) ?? 0) < MAX_PER_HOST)
    return at < 0 ? null : (waiting.splice(at, 1)[0] ?? null)
  }
  /** Beside the slots: what is missing is asked for at places that may be slow. */
  const finish = (proof: EndpointProof): void => {
    const finishing: Promise<void> = nameMissing(services, proof.verification, { signal })
      .catch(() => proof.verification)
      .then((verification) => {
        named.delete(finishing)
        if (!signal.aborted) batches.add({ ...proof, verification })
      })
    named.add(finishing)
  }
  const run = async (task: Task): Promise<void> => {
    const { host } = task.row
    hosts.set(host, (hosts.get(host) ?? 0) + 1)
    try {
      const proof = await look(services, task, signal)
      if (!signal.aborted) finish(proof)
    } catch (error) {
      services.log.error({ event: 'probe.failed', endpointId: task.row.id, error })
    } finally {
      const left = (hosts.get(host) ?? 1) - 1
      if (left === 0) hosts.delete(host)
      else hosts.set(host, left)
    }
  }
  const fill = (): void => {
    while (underWay.size < services.probing.concurrency && !signal.aborted) {
      const task = take()
      if (task === null) break
      const running: Promise<void> = run(task).finally(() => {
        underWay.delete(running)
        fill()
      })
      underWay.add(running)
    }
    // The next claim is under way while the last of this one are looked at.
    if (wasFull) round().catch((error: unknown) => services.log.error({ event: 'probe.notClaimed', error }))
  }
  let wasFull = false
  const claimMore = async (): Promise<number> => {
    try {
      const { claimed, tasks } = await claim(services)
      wasFull = claimed === CLAIM_AT_ONCE
      waiting.push(...tasks)
      return claimed
    } catch (error) {
      wasFull = false
      throw error
    } finally {
      claiming = null
      fill()
    }
  }
  const round = async (): Promise<number> => {
    if (claiming !== null || signal.aborted || waiting.length >= services.probing.concurrency) return 0
    claiming = claimMore()
    return claiming
  }
  return {
    round,
    idle: async () => {
      while (claiming !== null || underWay.size > 0 || named.size > 0 || (waiting.length > 0 && !signal.aborted)) {
        await Promise.allSettled([claiming, ...underWay, ...named])
      }
      await batches.idle()
    },
  }
}

/** Stores what was seen, some at once. */
function createBatches(services: Services) {
  let seen: EndpointProof[] = []
  let storing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | null = null
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (seen.length === 0) return
    const batch = seen
    seen = []
    storing = storing.then(() => store(services, batch))
  }
  return {
    add: (proof: EndpointProof): void => {
      seen.push(proof)
      if (seen.length >= STORE_AT_ONCE) flush()
      else timer ??= setTimeout(flush, STORE_AFTER_MS)
    },
    idle: (): Promise<void> => {
      flush()
      return storing
    },
  }
}

async function look(services: Services, { row, expectation, claimedUntil }: Task, signal: AbortSignal): Promise<EndpointProof> {
  const site = { host: row.host, port: row.port, serverName: row.server_name, protocol: row.protocol }
  const { trustedRootsPem } = expectation
  const bothKeys = row.asks_both && row.own_kind === null
  const expected = ofKind(expectation, row.own_kind)
  const verification = await verifySite(services, site, { expected, trustedRootsPem, bothKeys, signal })
  const { id, host, port, jitter, proved_sha256: provedSha256 } = row
  const endpoint = { id, host, port, jitter, provedSha256, strayedAt: toMs(row.strayed_at) }
  return { endpoint, expectation, verification, bothKeys, claimedUntil }
}

/** One that cannot be stored takes no other with it, and is probed again when its claim runs out. */
async function store(services: Services, batch: readonly EndpointProof[]): Promise<void> {
  try {
    await storeTogether(services, batch)
  } catch (error) {
    services.log.error({ event: 'probe.notStored', count: batch.length, endpointId: batch[0]?.endpoint.id, error })
    if (batch.length > 1) for (const one of batch) await store(services, [one])
  }
}

async function storeTogether(services: Services, batch: readonly EndpointProof[]): Promise<void> {
  const byAccount = Map.groupBy(batch, ({ expectation }) => `${expectation.accountId} ${expectation.closed}`)
  const judged: EndpointProof[] = []
  for (const proofs of byAccount.values()) {
    const [first] = proofs
    if (first === undefined) continue
    judged.push(...(await findRevokedSites(services, first.expectation, proofs)))
  }
  await services.db.transaction().execute(async (trx) => {
    await storeProofs(services, trx, judged)
    await proveLate(services, trx, judged)
  })
}

/**
 * By compare-and-set: of two nodes each gets other endpoints. Those of a certificate whose proof is still looked for by its own process
 * (`advance/proof-effects.ts`), or that has ended, are put off instead.
 */
async function claim(services: Services): Promise<{ readonly claimed: number; readonly tasks: readonly Task[] }> {
  const now = services.now()
  if (!(await isAnythingDue(services, now))) return { claimed: 0, tasks: [] }
  const claimedUntil = now + CLAIM_MS
  const bothBefore = new Date(now - BOTH_KEYS_EVERY_MS)
  const { rows } = await sql<Claimed>`
    with due as (select id, probe_at, row_number() over (partition by host order by probe_at) as place
      from endpoint where probe_at <= ${new Date(now)}),
    first as (select id from due where place <= ${MAX_CLAIMED_PER_HOST} order by probe_at limit ${LOOK_AT_ONCE}),
    chosen as (select id from endpoint where id = any(array(select id from first))
      order by probe_at limit ${CLAIM_AT_ONCE} for update skip locked)
    update endpoint e set probe_at = ${new Date(claimedUntil)} from chosen
    where e.id = chosen.id and e.probe_at <= ${new Date(now)}
    returning e.id, e.account_id, e.certificate_id, e.host, e.port, e.server_name, e.protocol, e.jitter, e.proved_sha256, e.strayed_at,
      (e.both_keys_at is null or e.both_keys_at <= ${bothBefore} or exists (select 1 from observation o
        where o.endpoint_id = e.id and o.other is not null)) as asks_both, ${OWN_KIND} as own_kind`.execute(services.db)
  const expectations = await loadExpectations(
    services.db,
    rows.map((row) => row.certificate_id),
  )
  const tasks: Task[] = []
  const idle: Claimed[] = []
  for (const row of rows) {
    const expectation = expectations.get(row.certificate_id)
    if (expectation === undefined || expectation.servedAt === null) idle.push(row)
    else tasks.push({ row, expectation, claimedUntil })
  }
  await putOff(services, idle, now)
  return { claimed: rows.length, tasks }
}

/** Most rounds end here. In the order of the index: else a plan for any moment reads the table from its beginning. */
async function isAnythingDue({ db }: Services, now: number): Promise<boolean> {
  const { rows } = await sql`select 1 from endpoint where probe_at <= ${new Date(now)} order by probe_at limit 1`.execute(db)
  return rows.length > 0
}

async function putOff({ db, probing }: Services, rows: readonly Claimed[], now: number): Promise<void> {
  if (rows.length === 0) return
  const times = rows.map(({ jitter }) => new Date(firstProbeAt({ jitter: 0.5 + jitter / 2, ...probing }, now)).toISOString())
  await sql`update endpoint e set probe_at = later.at
    from unnest(${rows.map(({ id }) => id)}::text[], ${times}::timestamptz[]) as later (id, at) where e.id = later.id`.execute(db)
}
