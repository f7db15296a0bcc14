/**
 * Asks CAs by schedule: claims what is due, asks for each list once, records the answers. Costs by what is due, and takes no longer than
 * its budget, however slow a place is.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { readRevocationSources } from '@evercert/pki/revocation'
import { nextCheckAt, retryCheckAt, type CheckFacts } from '../../domain/revocation/decide-check.ts'
import { MINUTE_MS } from '../../domain/time.ts'
import type { Services } from '../context.ts'
import { createAsker, type Answer, type Asked } from './ask.ts'
import { claimChecks, releaseChecks, type ClaimedCheck } from './claims.ts'
import { fetchIssuer } from './issuers.ts'
import { forgetRevocationChecks, NOTED_AT_ONCE, noteIssuances } from './note.ts'
import { recordAnswers, type Answered } from './record.ts'
import { tellHoldersOfAll } from './revoked-issuers.ts'

/** Hosts that are asked at the same time. */
const AT_ONCE = 4
const TIDY_MS = 3_600_000
/** Batches of issuances that are noted in a round: after an import, or an upgrade, there are many. */
const MAX_NOTED = 10

/** No request begins after it; one that is under way has its own limit. In milliseconds. */
export interface CheckBudget {
  /** Of one host in a round. */
  readonly hostMs: number
  /** Of a round: well below a claim. */
  readonly roundMs: number
}

const BUDGET: CheckBudget = { hostMs: MINUTE_MS, roundMs: 3 * MINUTE_MS }

export interface RevocationChecker {
  /** @returns how many certificates were claimed */
  round(): Promise<number>
}

/** Null: nobody knows the issuer. */
interface Ready {
  readonly check: ClaimedCheck
  readonly issuer: Uint8Array | null
}

/** @param signal aborted when the service stops: what is under way is asked again when its claim runs out */
export function createRevocationChecker(
  services: Services,
  signal: AbortSignal,
  budget: CheckBudget = BUDGET,
): RevocationChecker {
  const intervalMs = services.probing.revocationIntervalMs
  if (intervalMs === null) return { round: async () => 0 }
  const { askAll, askStrange } = createRounds(services, { signal, budget, intervalMs })
  let tidiedAt = Number.NEGATIVE_INFINITY

  return {
    round: async () => {
      const isTidying = services.now() - tidiedAt > TIDY_MS
      if (isTidying) {
        tidiedAt = services.now()
        await forgetRevocationChecks(services)
      }
      const noted = await noteAll(services, signal)
      // What came under one that is revoked already; hourly too, for what another node noted in the moment in which this one told.
      if (noted > 0 || isTidying) await tellHoldersOfAll(services, signal)
      const { checks, until } = await claimChecks(services)
      const ends = services.now() + budget.roundMs
      const known = checks.flatMap((check) => (check.issuer_der === null ? [] : [{ check, issuer: check.issuer_der }]))
      const strange = checks.filter((check) => check.issuer_der === null)
      const left = (await Promise.all([askAll(known, ends), askStrange(strange, ends)])).flat()
      await releaseChecks(services, left, until)
      return checks.length
    },
  }
}

/** @returns how many were noted */
async function noteAll(services: Services, signal: AbortSignal): Promise<number> {
  let noted = 0
  for (let batch = 0; batch < MAX_NOTED && !signal.aborted; batch++) {
    const count = await noteIssuances(services)
    noted += count
    if (count < NOTED_AT_ONCE) break
  }
  return noted
}

interface RoundFacts {
  readonly signal: AbortSignal
  readonly budget: CheckBudget
  readonly intervalMs: number
}

function createRounds(services: Services, { signal, budget, intervalMs }: RoundFacts) {
  const asker = createAsker(services, { keepMs: intervalMs / 2, signal })

  const recordPlace = async (asked: readonly Ready[], answers: readonly Answer[]): Promise<void> => {
    const jitter = randomInt(2 ** 32) / 2 ** 32
    const now = services.now()
    const answered = answers.flatMap((answer, index): readonly Answered[] => {
      const one = asked[index]
      return one === undefined ? [] : [plan(one, refuseOlder(one.check, answer), { intervalMs, jitter }, now)]
    })
    if (answered.length > 0 && !signal.aborted) await recordAnswers(services, answered)
  }

  /** All that is asked of one address. @returns what was not come to */
  const askPlace = async (place: readonly Ready[], isOver: () => boolean): Promise<readonly ClaimedCheck[]> => {
    const [strange, known] = [place.filter(({ issuer }) => issuer === null), place.filter(({ issuer }) => issuer !== null)]
    await recordPlace(
      strange,
      strange.map(() => NO_ISSUER),
    )
    const questions = known.flatMap(({ check, issuer }) => (issuer === null ? [] : [toQuestion(check, issuer)]))
    const [first] = known
    if (first === undefined || isOver()) return known.map(({ check }) => check)
    const { method, url } = first.check
    const answers = method === 'crl' ? await asker.askCrl(url, questions) : await askEach(asker, url, questions, isOver)
    await recordPlace(known, answers)
    return known.slice(answers.length).map(({ check }) => check)
  }

  const notChecked = (url: string | undefined) => (error: unknown) => {
    if (!signal.aborted) services.log.error({ event: 'revocation.notChecked', url, error })
  }

  /** Begins with each host. */
  const timesUntil = (until: number) => (): (() => boolean) => {
    const ends = Math.min(until, services.now() + budget.hostMs)
    return () => signal.aborted || services.now() >= ends
  }

  const askAll = async (ready: readonly Ready[], until: number): Promise<readonly ClaimedCheck[]> => {
    const left: ClaimedCheck[] = []
    await atHosts(
      ready,
      ({ check }) => check.url,
      timesUntil(until),
      async (some, isOver) => {
        // A list is asked for once for all; a responder is asked for each.
        for (const place of Map.groupBy(some, ({ check }) => `${check.method} ${check.url}`).values()) {
          await askPlace(place, isOver).then((more) => left.push(...more), notChecked(place[0]?.check.url))
        }
      },
    )
    return left
  }

  /** Their issuers are at places of their own: whoever waits for those holds up nobody whose issuer is known. */
  const askStrange = async (checks: readonly ClaimedCheck[], until: number): Promise<readonly ClaimedCheck[]> => {
    const left: ClaimedCheck[] = []
    const ready: Ready[] = []
    const wanted = checks.map((check) => ({ check, url: readRevocationSources(check.leaf_der).issuerUrls[0] ?? '' }))
    await atHosts(
      wanted,
      ({ url }) => url,
      timesUntil(until),
      async (some, isOver) => {
        for (const { check } of some) {
          if (isOver()) left.push(check)
          else
            await fetchIssuer(services, check.leaf_der, signal).then(
              (issuer) => ready.push({ check, issuer }),
              notChecked(check.url),
            )
        }
      },
    )
    return [...left, ...(await askAll(ready, until))]
  }

  return { askAll, askStrange }
}

/** Some hosts beside each other, each for its time at most. */
async function atHosts<Each>(
  all: readonly Each[],
  urlOf: (one: Each) => string,
  begin: () => () => boolean,
  work: (some: readonly Each[], isOver: () => boolean) => Promise<void>,
): Promise<void> {
  const hosts = [...Map.groupBy(all, (one) => hostOf(urlOf(one))).values()]
  await Promise.all(
    Array.from({ length: Math.min(AT_ONCE, hosts.length) }, async () => {
      for (let some = hosts.shift(); some !== undefined; some = hosts.shift()) await work(some, begin())
    }),
  )
}

/** When it is asked again, and where. */
function plan({ check, issuer }: Ready, answer: Answer, facts: CheckFacts, now: number): Answered {
  if (answer.state === 'unknown') {
    const nextAt = retryCheckAt(facts, check.failures + 1, now)
    return { check, issuer, answer, nextAt, url: nextUrl(check) }
  }
  return { check, issuer, answer, nextAt: nextCheckAt(facts, answer.nextUpdate, now), url: check.url }
}

const NO_ISSUER: Answer = { state: 'unknown', code: 'issuerUnknown', detail: null }

/** From an edge that lags behind, or played again by somebody on the way. */
function refuseOlder({ this_update: believed }: ClaimedCheck, answer: Answer): Answer {
  if (answer.state === 'unknown' || believed === null || answer.thisUpdate >= believed.getTime()) return answer
  const [given, known] = [new Date(answer.thisUpdate), believed].map((at) => at.toISOString())
  return { state: 'unknown', code: 'stale', detail: `it is of ${given}, older than the answer of ${known} that was believed` }
}

type Asker = ReturnType<typeof createAsker>

/** One after the other: a responder is a guest's host. @returns the answers to the first, as many as there was time for */
async function askEach(
  asker: Asker,
  url: string,
  questions: readonly Asked[],
  isOver: () => boolean,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const question of questions) {
    const last = answers.at(-1)
    const isAway = last?.state === 'unknown' && (last.code === 'unreachable' || last.code === 'addressForbidden')
    if (!isAway && isOver()) break
    answers.push(isAway ? last : await asker.askOcsp(url, question))
  }
  return answers
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : ''
}

function toQuestion({ serial, leaf_der: leaf, urls }: ClaimedCheck, issuer: Uint8Array): Asked {
  return { serial, leaf, issuer, urls }
}

function nextUrl({ urls, url }: ClaimedCheck): string {
  return urls[(urls.indexOf(url) + 1) % urls.length] ?? url
}
