/**
 * Asks CAs by schedule: claims what is due, asks for each list once, records the answers. Costs by what is due.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import { nextCheckAt, retryCheckAt } from '../../domain/revocation/decide-check.ts'
import type { Services } from '../context.ts'
import { createAsker, type Answer, type Asked } from './ask.ts'
import { fetchIssuer } from './issuers.ts'
import { forgetRevocationChecks, noteIssuances } from './note.ts'
import { recordAnswers, type Answered } from './record.ts'

const CLAIM_AT_ONCE = 500
/** Longer than a claim takes to be worked off. */
const CLAIM_MS = 600_000
/** Places that are asked at the same time. */
const AT_ONCE = 4
const TIDY_MS = 3_600_000

export interface RevocationChecker {
  /** @returns how many certificates were looked at */
  round(): Promise<number>
}

export interface ClaimedCheck {
  readonly account_id: string
  readonly sha256: string
  readonly serial: string
  readonly leaf_der: Uint8Array
  readonly issuer_der: Uint8Array | null
  readonly method: 'crl' | 'ocsp'
  readonly urls: readonly string[]
  readonly url: string
  readonly failures: number
  /** Of the answer that is believed. */
  readonly this_update: Date | null
}

/** @param signal aborted when the service stops: what is under way is asked again when its claim runs out */
export function createRevocationChecker(services: Services, signal: AbortSignal): RevocationChecker {
  const intervalMs = services.probing.revocationIntervalMs
  if (intervalMs === null) return { round: async () => 0 }
  const asker = createAsker(services, { keepMs: intervalMs / 2, signal })
  let tidiedAt = Number.NEGATIVE_INFINITY

  const askPlace = async (checks: readonly ClaimedCheck[]): Promise<void> => {
    const [first] = checks
    if (first === undefined || signal.aborted) return
    const jitter = randomInt(2 ** 32) / 2 ** 32
    const known = await Promise.all(checks.map((check) => withIssuer(services, check, signal)))
    const asked = known.flatMap(({ check, issuer }) => (issuer === null ? [] : [{ check, question: toQuestion(check, issuer) }]))
    const questions = asked.map(({ question }) => question)
    const answers = first.method === 'crl' ? await asker.askCrl(first.url, questions) : await askEach(asker, first.url, questions)
    if (signal.aborted) return
    const byCheck = new Map(asked.map(({ check }, index) => [check, answers[index]]))
    const now = services.now()
    const answered = known.map(({ check, issuer }): Answered => {
      const answer: Answer = refuseOlder(check, byCheck.get(check) ?? NO_ISSUER)
      const facts = { intervalMs, jitter }
      const failed = answer.state === 'unknown'
      const nextAt = failed ? retryCheckAt(facts, check.failures + 1, now) : nextCheckAt(facts, answer.nextUpdate, now)
      return { check, issuer, answer, nextAt, url: failed ? nextUrl(check) : check.url }
    })
    await recordAnswers(services, answered)
  }

  return {
    round: async () => {
      if (services.now() - tidiedAt > TIDY_MS) {
        tidiedAt = services.now()
        await forgetRevocationChecks(services)
      }
      await noteIssuances(services)
      const claimed = await claim(services)
      // A list is asked for once for all; a responder is asked for each.
      const places = [...Map.groupBy(claimed, ({ method, url }) => `${method} ${url}`).values()]
      await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, places.length) }, async () => {
          for (let place = places.shift(); place !== undefined; place = places.shift()) {
            const current = place
            await askPlace(current).catch((error: unknown) => {
              if (!signal.aborted) services.log.error({ event: 'revocation.notChecked', url: current[0]?.url, error })
            })
          }
        }),
      )
      return claimed.length
    },
  }
}

const NO_ISSUER: Answer = { state: 'unknown', code: 'issuerUnknown', detail: null }

/** From an edge that lags behind, or played again by somebody on the way. */
function refuseOlder({ this_update: believed }: ClaimedCheck, answer: Answer): Answer {
  if (answer.state === 'unknown' || believed === null || answer.thisUpdate >= believed.getTime()) return answer
  const [given, known] = [new Date(answer.thisUpdate), believed].map((at) => at.toISOString())
  return { state: 'unknown', code: 'stale', detail: `it is of ${given}, older than the answer of ${known} that was believed` }
}

type Asker = ReturnType<typeof createAsker>

/** One after the other: a responder is a guest's host. */
async function askEach(asker: Asker, url: string, questions: readonly Asked[]): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const question of questions) {
    const last = answers.at(-1)
    const isAway = last?.state === 'unknown' && (last.code === 'unreachable' || last.code === 'addressForbidden')
    answers.push(isAway ? last : await asker.askOcsp(url, question))
  }
  return answers
}

async function withIssuer(services: Services, check: ClaimedCheck, signal: AbortSignal) {
  return { check, issuer: check.issuer_der ?? (await fetchIssuer(services, check.leaf_der, signal)) }
}

function toQuestion({ serial, leaf_der: leaf, urls }: ClaimedCheck, issuer: Uint8Array): Asked {
  return { serial, leaf, issuer, urls }
}

function nextUrl({ urls, url }: ClaimedCheck): string {
  return urls[(urls.indexOf(url) + 1) % urls.length] ?? url
}

/** By compare-and-set: of two nodes each gets others. */
async function claim(services: Services): Promise<readonly ClaimedCheck[]> {
  const now = services.now()
  const due = await sql`select 1 from revocation_check where next_at <= ${new Date(now)} limit 1`.execute(services.db)
  if (due.rows.length === 0) return []
  const { rows } = await sql<ClaimedCheck>`
    with due as (select account_id, sha256 from revocation_check where next_at <= ${new Date(now)}
      order by next_at limit ${CLAIM_AT_ONCE} for update skip locked)
    update revocation_check r set next_at = ${new Date(now + CLAIM_MS)} from due
    where r.account_id = due.account_id and r.sha256 = due.sha256
    returning r.account_id, r.sha256, r.serial, r.leaf_der, r.issuer_der, r.method, r.urls, r.url, r.failures, r.this_update`.execute(
    services.db,
  )
  return rows
}
