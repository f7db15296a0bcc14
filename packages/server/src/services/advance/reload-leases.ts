/**
 * Of several nodes on one PostgreSQL one gathers what is deployed to a server, so that one reload serves all of it: whoever comes first has the lease of the
 * server, and the others leave their jobs to it. Nothing is unsafe without a lease: the worst is one reload more. Times are the database's; what this
 * node believes of its own lease is measured from before it asked.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { Database } from '../../db/connect.ts'
import { SILENT_SECONDS } from '../keyring.ts'

/** A node that is silent for this long is taken for dead. */
const LEASE_SECONDS = 15
const RENEW_MS = 5_000
/** How soon a job is taken that another node leaves. */
const LOOK_MS = 200
/** The next ones of a row come soon, and find it held. */
const IDLE_MS = 1_000
/** Jobs of other nodes may be on their way: as for those that begin here and lead nobody knows where. */
const ELSEWHERE_MS = 1_000
/** Left by nodes that died. */
const FORGET_SECONDS = 3_600

/** Gives up one hold; may be called again. */
export type Release = () => void

/** Told which jobs another node left to this one. Never rejects. */
export type TakeJobs = (jobIds: readonly string[]) => Promise<void>

export interface ReloadLeases {
  /**
   * Before a deployment goes to the server.
   *
   * @param server of `DeployTarget.sharedReload`
   * @param jobId left to the node that has the server, if another one has it; null: it is only asked
   * @returns null when another node has it, and the job with it: nothing more is done with that here
   */
  hold(server: string, jobId: string | null): Promise<Release | null>
  /** For how long nobody must have come before the server is reloaded, since other nodes may know of more. */
  quietMs(server: string): number
  onHanded(listener: TakeJobs): void
  /** Removes what dead nodes left. */
  tidy(): Promise<void>
  /** Everything is given up, and what was left to this node and not begun is told. */
  close(): Promise<void>
}

interface Options {
  readonly database: Pick<Database, 'kind' | 'db'>
  /** Of this process, as in `master_key_holder`. */
  readonly node: string
  readonly log: Pick<Logger, 'error'>
}

export function createReloadLeases({ database: { kind, db }, node, log }: Options): ReloadLeases {
  // Nobody else can have the embedded database open.
  if (kind === 'embedded') return ALONE
  const rows = createRows(db, node)
  const leases = new Map<string, Lease>()
  let take: TakeJobs = () => Promise.resolve()
  let timer: NodeJS.Timeout | null = null
  let looking: Promise<void> = Promise.resolve()
  let isClosed = false
  const tell = (error: unknown): void => log.error({ event: 'reloadLeases.failed', error }) // a lease ends by itself

  const lookOnce = async (): Promise<void> => {
    const ours = [...leases.values()].filter((lease) => lease.isOurs())
    if (ours.some((lease) => lease.hasOthers())) {
      const handed = await rows.takeHanded()
      for (const { server } of handed) leases.get(server)?.expectUse()
      if (handed.length > 0) await take(handed.flatMap(({ jobs }) => jobs))
    }
    const now = performance.now()
    const due = ours.filter((lease) => lease.isDue(now))
    if (due.length > 0) {
      const renewed = await rows.renew(due.map(({ key }) => key))
      for (const lease of due) lease.setAnswer({ ours: renewed.has(lease.key), others: renewed.get(lease.key) ?? true }, now)
    }
    for (const lease of leases.values()) {
      if (!lease.isIdle()) continue
      const handed = lease.isOurs() ? await lease.giveUp() : []
      if (lease.isIdle()) leases.delete(lease.key)
      if (handed.length > 0) await take(handed) // left in this very moment
    }
  }

  const look = (): void => {
    if (timer !== null || isClosed) return
    timer = setTimeout(() => {
      looking = lookOnce()
        .catch(tell)
        .finally(() => {
          timer = null
          if (leases.size > 0) look()
        })
    }, LOOK_MS)
    timer.unref()
  }

  return {
    hold: (server, jobId) => {
      if (isClosed) return Promise.resolve(() => {})
      const key = keyOf(server)
      const lease = leases.get(key) ?? createLease(key, rows)
      leases.set(key, lease)
      look()
      return lease.hold(jobId)
    },
    quietMs: (server) => (leases.get(keyOf(server))?.hasOthers() === true ? ELSEWHERE_MS : 0),
    onHanded: (listener) => {
      take = listener
    },
    tidy: rows.forget,
    close: async () => {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      await looking
      const handed = await Promise.all([...leases.values()].map((lease) => lease.giveUp().catch(() => [])))
      leases.clear()
      if (handed.flat().length > 0) await take(handed.flat())
    },
  }
}

/** What this node knows of one server. */
interface Lease {
  readonly key: string
  hold(jobId: string | null): Promise<Release | null>
  /** By its last answer. */
  isOurs(): boolean
  hasOthers(): boolean
  /** It is to be renewed. */
  isDue(now: number): boolean
  /** @param askedAt monotonic */
  setAnswer(answer: Answer, askedAt: number): void
  /** Jobs come that lead there. */
  expectUse(): void
  /** Nobody is there or on the way, and nobody was for a while. */
  isIdle(): boolean
  /** Who comes from here on asks for it anew. @returns the jobs that others left there */
  giveUp(): Promise<readonly string[]>
}

interface Ask {
  readonly jobId: string | null
  readonly own: PromiseWithResolvers<boolean>
}

function createLease(key: string, rows: Rows): Lease {
  let answer: Answer = { ours: false, others: false }
  /** Monotonic. */
  let askedAt = -Infinity
  let usedAt = performance.now()
  /** Who is on the way to the server, or there. */
  let users = 0
  const waiting: Ask[] = []
  /** Statements about it go one after the other. Never rejects. */
  let turn: Promise<unknown> = Promise.resolve()

  const inTurn = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const own = turn.then(work)
    turn = own.catch(() => {})
    return own
  }
  // Until then nobody else can have taken it over.
  const isHeld = (): boolean => answer.ours && performance.now() < askedAt + LEASE_SECONDS * 1_000
  const setAnswer = (given: Answer, at: number): void => {
    answer = given
    askedAt = at
  }
  /** All that came meanwhile, in one statement. */
  const ask = async (): Promise<void> => {
    const asks = waiting.splice(0)
    try {
      const now = performance.now()
      const jobIds = asks.flatMap(({ jobId }) => jobId ?? [])
      if (!isHeld()) setAnswer(await rows.ask(key, jobIds), now)
      for (const { own } of asks) {
        if (answer.ours) users += 1
        own.resolve(answer.ours)
      }
    } catch (error) {
      for (const { own } of asks) own.reject(error)
    }
  }
  const release = (): Release => {
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      users -= 1
      usedAt = performance.now()
    }
  }
  return {
    key,
    hold: async (jobId) => {
      if (isHeld()) {
        users += 1
        return release()
      }
      const own = Promise.withResolvers<boolean>()
      waiting.push({ jobId, own })
      if (waiting.length === 1) void inTurn(ask)
      return (await own.promise) ? release() : null
    },
    isOurs: () => answer.ours,
    hasOthers: () => answer.others,
    isDue: (now) => now - askedAt >= RENEW_MS,
    setAnswer,
    expectUse: () => {
      usedAt = performance.now()
    },
    isIdle: () => users === 0 && waiting.length === 0 && performance.now() - usedAt >= IDLE_MS,
    giveUp: () => {
      answer = { ...answer, ours: false }
      return inTurn(() => rows.giveUp(key))
    },
  }
}

const ALONE: ReloadLeases = {
  hold: () => Promise.resolve(() => {}),
  quietMs: () => 0,
  onHanded: () => {},
  tidy: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

/** Commands and hosts stay out of the table. */
function keyOf(server: string): string {
  return createHash('sha256').update(server).digest('hex')
}

interface Answer {
  readonly ours: boolean
  /** Other nodes run. */
  readonly others: boolean
}

type Rows = ReturnType<typeof createRows>

/** The statements, each by itself a compare-and-set. */
function createRows(db: Database['db'], node: string) {
  const until = sql`now() + make_interval(secs => ${LEASE_SECONDS})`
  const others = sql`exists (select from master_key_holder where node <> ${node}
    and seen_at > now() - make_interval(secs => ${SILENT_SECONDS}))`
  return {
    /** Takes it where it is free, ours or over, with the jobs that were left to whoever had it; else leaves these jobs to whoever has it. */
    ask: async (server: string, jobIds: readonly string[]): Promise<Answer> => {
      const isFree = sql`l.node = ${node} or l.until <= now()`
      const { rows } = await sql<Answer>`
        insert into reload_lease as l (server, node, until) values (${server}, ${node}, ${until})
        on conflict (server) do update set
          node = case when ${isFree} then excluded.node else l.node end,
          until = case when ${isFree} then excluded.until else l.until end,
          handed = case when ${isFree} then l.handed else l.handed || ${jobIds}::text[] end
        returning l.node = ${node} as ours, ${others} as others`.execute(db)
      return rows[0] ?? { ours: false, others: true }
    },
    renew: async (servers: readonly string[]): Promise<ReadonlyMap<string, boolean>> => {
      const { rows } = await sql<{ server: string; others: boolean }>`
        update reload_lease set until = ${until} where node = ${node} and server = any(${servers}::text[])
        returning server, ${others} as others`.execute(db)
      return new Map(rows.map((row) => [row.server, row.others]))
    },
    takeHanded: async (): Promise<readonly { readonly server: string; readonly jobs: readonly string[] }[]> => {
      const { rows } = await sql<{ server: string; jobs: string[] }>`
        with mine as (select server, handed from reload_lease where node = ${node} and handed <> '{}' for update),
          taken as (update reload_lease l set handed = '{}' from mine where l.server = mine.server)
        select server, handed as jobs from mine`.execute(db)
      return rows
    },
    giveUp: async (server: string): Promise<readonly string[]> => {
      const { rows } = await sql<{ handed: string[] }>`
        delete from reload_lease where server = ${server} and node = ${node} returning handed`.execute(db)
      return rows[0]?.handed ?? []
    },
    forget: async (): Promise<void> => {
      await sql`delete from reload_lease where until < now() - make_interval(secs => ${FORGET_SECONDS})`.execute(db)
    },
  }
}
