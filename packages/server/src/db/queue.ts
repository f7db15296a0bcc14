/**
 * The job queue: pg-boss on our own database, so that a job is enqueued in the transaction that makes it necessary.
 *
 * @module
 */
import { CompiledQuery, sql } from 'kysely'
import { fromPglite, PgBoss, type Db as QueueDatabase } from 'pg-boss'
import type { Database } from './connect.ts'
import { writeLater } from './later.ts'
import type { Trx } from './transition.ts'

/** The one job: bring a certificate as far as it gets. */
export interface AdvanceJob {
  readonly certificateId: string
}

/** A certificate that is due without a job. */
export interface LostJob extends AdvanceJob {
  /** A deployment is being taken back: what is served is worse than it was. */
  readonly goesFirst: boolean
}

export interface ClaimedJob {
  readonly id: string
  readonly data: AdvanceJob
}

export interface Queue {
  /** Enqueues inside the transaction. One queued and one running for each certificate: more are dropped. */
  send(trx: Trx, job: AdvanceJob): Promise<void>
  /** Enqueues outside any transaction. */
  sendNow(job: AdvanceJob): Promise<void>
  /** Enqueues many at once, for the repair scan. */
  sendMany(jobs: readonly LostJob[]): Promise<void>
  /** Certificates that are due and have neither a waiting nor a running job: all that are being taken back, then the most urgent. */
  findLost(now: number, limit: number): Promise<readonly LostJob[]>
  /** Claims up to `count` jobs. */
  claim(count: number): Promise<readonly ClaimedJob[]>
  complete(jobId: string): Promise<void>
  /** Gives a job up without retry; the certificate's stored facts say when it is due again. */
  fail(jobId: string): Promise<void>
  /** Says that these jobs are still worked on. */
  touch(jobIds: readonly string[]): Promise<void>
  /** Those of the jobs that still run: another node began them and left them to this one, which goes on with them. */
  takeOver(jobIds: readonly string[]): Promise<readonly ClaimedJob[]>
  /** Frees the jobs of workers that died, so that the scan can enqueue their certificates again. */
  releaseDead(): Promise<void>
  /** Calls back when a job of this process was committed, or may have been: a hint, never needed. */
  onSent(listener: (job: AdvanceJob) => void): void
  stop(): Promise<void>
}

/** Whether a job was dropped for one that waits already is nothing to the transaction. */
function within(trx: Trx): QueueDatabase {
  return {
    executeSql: async (text, values = []) => {
      await writeLater(trx, CompiledQuery.raw(text, [...values]))
      return { rows: [] }
    },
  }
}

const QUEUE = 'certificate.advance'
const RETENTION_SECONDS = 86_400
/** A job is a whole run of effects, some of them slow; who died is told by its heartbeat, not by this. */
const EXPIRE_SECONDS = 6 * 3600
/** A worker touches its jobs every few seconds; one that is silent for this long is dead. pg-boss takes no less than 10. */
const HEARTBEAT_SECONDS = 10

/** @param url of PostgreSQL; null for the embedded database */
export async function startQueue(database: Database, url: string | null): Promise<Queue> {
  const boss = new PgBoss({
    schema: 'jobs',
    schedule: false,
    ...(database.embedded === null
      ? { connectionString: url ?? '', max: 2 }
      : { db: fromPglite(database.embedded), backend: 'pglite' as const, monitorVacuum: false, reindex: false }),
  })
  boss.on('error', () => {}) // maintenance failed; it runs again, and the scan repairs what a lost job left
  await boss.start()
  await boss.createQueue(QUEUE, {
    policy: 'stately',
    retryLimit: 0, // the certificate's own facts hold the back-off
    expireInSeconds: EXPIRE_SECONDS,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    retentionSeconds: RETENTION_SECONDS,
    deleteAfterSeconds: 60,
  })
  const releaseSilent = async (seconds: number): Promise<void> => {
    const { rows } = await sql<{ id: string }>`
      select id from jobs.job where name = ${QUEUE} and state = 'active'
        and coalesce(heartbeat_on, started_on) <= now() - make_interval(secs => ${seconds})`.execute(database.db)
    if (rows.length > 0)
      await boss.fail(
        QUEUE,
        rows.map(({ id }) => id),
      )
  }
  // Nobody else can have the embedded folder open: what is active there belongs to a process that died.
  if (database.kind === 'embedded') await releaseSilent(0)
  const listeners: ((job: AdvanceJob) => void)[] = []
  const notify = (job: AdvanceJob): void => {
    for (const listener of listeners) setImmediate(listener, job)
  }
  return {
    send: async (trx, job) => {
      await boss.send(QUEUE, job, { singletonKey: job.certificateId, db: within(trx) })
      notify(job)
    },
    sendNow: async (job) => {
      await boss.send(QUEUE, job, { singletonKey: job.certificateId })
      notify(job)
    },
    sendMany: async (jobs) => {
      if (jobs.length === 0) return
      await boss.insert(
        QUEUE,
        jobs.map(({ certificateId, goesFirst }) => ({
          data: { certificateId },
          singletonKey: certificateId,
          ...(goesFirst && { priority: 1 }),
        })),
      )
      for (const job of jobs) notify(job)
    },
    findLost: (now, limit) => findLost(database.db, now, limit),
    claim: (count) => boss.fetch<AdvanceJob>(QUEUE, { batchSize: count }),
    complete: async (jobId) => {
      await boss.complete(QUEUE, jobId)
    },
    fail: async (jobId) => {
      await boss.fail(QUEUE, jobId)
    },
    touch: async (jobIds) => {
      await boss.touch(QUEUE, [...jobIds])
    },
    takeOver: async (jobIds) => {
      const { rows } = await sql<ClaimedJob>`
        update jobs.job set heartbeat_on = now() where name = ${QUEUE} and state = 'active' and id = any(${jobIds}::uuid[])
        returning id, data`.execute(database.db)
      return rows
    },
    releaseDead: () => releaseSilent(HEARTBEAT_SECONDS),
    onSent: (listener) => {
      listeners.push(listener)
    },
    stop: () => boss.stop({ graceful: false, close: true }),
  }
}

async function findLost(db: Database['db'], now: number, limit: number): Promise<readonly LostJob[]> {
  // How many are due depends on the clock. As a query of its own its value is hidden from the planner, which would otherwise plan anew each second:
  // that takes ten times as long as the round.
  const isDue = sql`advance_at <= (select ${new Date(now)}::timestamptz)`
  // Worded like pg-boss's own index of live jobs, so that each certificate is one look into it.
  const hasNoJob = sql`not exists (select 1 from jobs.job where name = ${QUEUE} and coalesce(singleton_key, '') = certificate.id
    and state <= 'active' and policy = 'stately')`
  const { rows: first } = await sql<{ id: string }>`
    select id from certificate where ${isDue} and ${hasNoJob} and id in (
      select certificate_id from deployment where state = 'applied' and restore_reason is not null)`.execute(db)
  const { rows: due } = await sql<{ id: string }>`
    select id from certificate where ${isDue} and ${hasNoJob} order by advance_at limit ${limit}`.execute(db)
  const goFirst = new Set(first.map(({ id }) => id))
  return [
    ...[...goFirst].map((certificateId) => ({ certificateId, goesFirst: true })),
    ...due.filter(({ id }) => !goFirst.has(id)).map(({ id }) => ({ certificateId: id, goesFirst: false })),
  ]
}
