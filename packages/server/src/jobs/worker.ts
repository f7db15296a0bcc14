/**
 * Claims jobs and runs them, many at once, since most of a renewal is waiting. Stops cleanly: what is under way is left as recorded.
 *
 * @module
 */
import { advanceCertificate } from '../services/advance/advance.ts'
import { letIn } from '../services/advance/let-in.ts'
import { auditRound, tidyAudit } from '../services/audit/rounds.ts'
import type { Services } from '../services/context.ts'
import { removeEarlierUploads } from '../services/earlier-uploads.ts'
import { createCourier } from '../services/notices/courier.ts'
import { planDueNotices } from '../services/notices/plan.ts'
import { createProber } from '../services/probing/prober.ts'
import { createRevocationChecker } from '../services/revocation-checks/checker.ts'
import { createRewrapper } from '../services/rewrap.ts'
import { pollDuePayments } from '../services/provider-payments/poll.ts'
import { scanDue, tidyUp } from '../services/scan.ts'

export interface WorkerSettings {
  /** Certificates advanced at the same time. */
  readonly concurrency: number
  readonly pollMs: number
  readonly scanMs: number
  readonly tidyMs: number
  /** How often the audit log is sealed, when there is something new. */
  readonly sealMs: number
}

export const DEFAULT_WORKER_SETTINGS: WorkerSettings = {
  concurrency: 64,
  pollMs: 1000,
  scanMs: 1000,
  tidyMs: 15_000,
  sealMs: 2000,
}

export interface Worker {
  /** Resolves when no job is running any more. */
  stop(): Promise<void>
}

const HEARTBEAT_MS = 4000
const VACUUM_MS = 3_600_000
/** Jobs that are sent in one moment are claimed together; the sending transaction has ended by then, too. */
const GATHER_MS = 5

export function startWorker(services: Services, settings: WorkerSettings = DEFAULT_WORKER_SETTINGS): Worker {
  const abort = new AbortController()
  const rounds = startRounds(services, settings, abort.signal)
  let claiming: Promise<void> | null = null
  let gathering: NodeJS.Timeout | null = null
  /** The last claim got all that it asked for: there may be more. */
  let mayBeMore = false
  let isClaiming = false
  const { places } = services

  const claim = async (): Promise<void> => {
    const count = countToClaim(places.free())
    if (count === 0 || abort.signal.aborted) return
    mayBeMore = false // also when claiming fails: the next poll tries again
    const jobs = await services.queue.claim(count)
    mayBeMore = jobs.length === count
    for (const job of jobs) await runs.begin(job)
  }

  const poke = (): void => {
    if (abort.signal.aborted || gathering !== null) return
    gathering = setTimeout(() => {
      gathering = null
      isClaiming = true
      // One claim at a time; one that was asked for meanwhile follows.
      claiming = (claiming ?? Promise.resolve())
        .then(claim)
        .catch((error: unknown) => services.log.error({ event: 'queue.claimFailed', error }))
        .finally(() => {
          isClaiming = false
          if (mayBeMore && places.free() > 0) poke()
        })
    }, GATHER_MS)
  }
  const runs = createRuns(services, abort.signal, (isAwaited) => {
    if (isAwaited || mayBeMore) poke()
  })
  places.setMore(() => mayBeMore || isClaiming)
  places.onFree(() => {
    if (mayBeMore) poke()
  })

  services.reloads.onHanded(runs.takeOver)
  places.onRoom((who) => void letIn(services, who))
  services.queue.onSent(({ certificateId }) => {
    if (!runs.noteSent(certificateId)) poke()
  })
  const timers = [...rounds.timers, ...startTimers(services, settings, { poke, touch: runs.touch })]
  poke()
  return {
    stop: async () => {
      abort.abort()
      places.close()
      for (const timer of timers) timer.stop()
      if (gathering !== null) clearTimeout(gathering)
      await claiming
      await services.reloads.close()
      await runs.idle()
      await Promise.all(timers.map(({ idle }) => idle()))
      await rounds.idle()
    },
  }
}

interface Runs {
  begin(job: ClaimedJob): Promise<void>
  /** Jobs that another node left to this one, which has their server. Never rejects: should it fail, they are silent, and free in the end. */
  readonly takeOver: (jobIds: readonly string[]) => Promise<void>
  /** Whether a job of the certificate runs, which the one that was sent waits for. */
  noteSent(certificateId: string): boolean
  readonly touch: () => Promise<void>
  idle(): Promise<unknown>
}

type ClaimedJob = Awaited<ReturnType<Services['queue']['claim']>>[number]

/** @param onEnd called when one has ended, and whether another job of its certificate was sent meanwhile */
function createRuns(services: Services, signal: AbortSignal, onEnd: (isAwaited: boolean) => void): Runs {
  const { places, queue, log } = services
  const running = new Map<string, Promise<void>>()
  /** Certificates whose job runs; true when another was sent meanwhile, which may be claimed when this one ends. */
  const sentAgain = new Map<string, boolean>()

  const run = async (jobId: string, certificateId: string): Promise<void> => {
    sentAgain.set(certificateId, false)
    const begun = places.begin()
    let isLeft = false
    const onLeft = (): void => void (isLeft = true)
    try {
      await places.within(() => advanceCertificate(services, certificateId, signal, { jobId, onBegun: begun, onLeft }))
      if (!isLeft) await queue.complete(jobId)
    } catch (error) {
      log.error({ event: 'job.failed', jobId, certificateId, error })
      await queue.fail(jobId).catch(() => {}) // the database is away: the heartbeat frees the job later
    } finally {
      begun()
      running.delete(jobId)
      const isAwaited = sentAgain.get(certificateId) === true
      sentAgain.delete(certificateId)
      onEnd(isAwaited)
    }
  }

  const begin = async ({ id, data: { certificateId } }: ClaimedJob): Promise<void> => {
    // Freed while this process was suspended, and sent again: its run goes on, and is not doubled.
    if (sentAgain.has(certificateId)) {
      sentAgain.set(certificateId, true)
      await queue.fail(id)
    } else running.set(id, run(id, certificateId))
  }

  return {
    begin,
    takeOver: async (jobIds) => {
      try {
        for (const job of await queue.takeOver(jobIds)) await (signal.aborted ? queue.fail(job.id) : begin(job))
      } catch (error) {
        log.error({ event: 'queue.takeOverFailed', error })
      }
    },
    noteSent: (certificateId) => {
      if (!sentAgain.has(certificateId)) return false
      sentAgain.set(certificateId, true)
      return true
    },
    touch: () => (running.size === 0 ? Promise.resolve() : queue.touch([...running.keys()])),
    idle: () => Promise.all(running.values()),
  }
}

/** Few different numbers, since each is a statement of its own. */
function countToClaim(free: number): number {
  return free <= 0 ? 0 : 2 ** Math.floor(Math.log2(free))
}

interface Ticks {
  readonly poke: () => void
  readonly touch: () => Promise<void>
}

function startTimers(services: Services, settings: WorkerSettings, { poke, touch }: Ticks) {
  return [
    every(settings.pollMs, () => Promise.resolve(poke()), services),
    every(settings.scanMs, () => scanDue(services), services),
    every(settings.tidyMs, () => touch().then(() => tidyUp(services)), services), // who was suspended is not dead
    every(settings.sealMs, () => auditRound(services), services),
    every(settings.tidyMs, () => tidyAudit(services), services),
    every(VACUUM_MS, () => services.database.vacuum(), services),
    every(HEARTBEAT_MS, touch, services),
  ]
}

/** What is done as soon as it is due, beside the certificates: notices, payments, probes, revocations, what renewals leave behind, records under an earlier master key. */
function startRounds(services: Services, { scanMs }: WorkerSettings, signal: AbortSignal) {
  const courier = createCourier(services, signal)
  const prober = createProber(services, signal)
  const rewrapper = createRewrapper(services)
  const revocationChecker = createRevocationChecker(services, signal)
  const timers = [
    () => planDueNotices(services),
    () => courier.round(),
    () => prober.round(),
    () => pollDuePayments(services, signal),
    () => rewrapper.round(),
    () => revocationChecker.round(),
    () => removeEarlierUploads(services),
  ].map((round) => every(scanMs, round, services))
  return { timers, idle: () => Promise.all([courier.idle(), prober.idle()]) }
}

/** Runs a task over and over, never twice at once. */
function every(intervalMs: number, task: () => Promise<unknown>, services: Services) {
  let current: Promise<unknown> = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    current = task()
      .catch((error: unknown) => services.log.error({ event: 'loop.failed', error }))
      .finally(() => {
        busy = false
      })
  }, intervalMs)
  return { stop: () => clearInterval(timer), idle: () => current }
}
