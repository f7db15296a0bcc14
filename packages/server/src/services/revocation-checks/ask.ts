/**
 * Asks CAs: one request for each list, whoever's certificates it is about, kept while it is fresh. What cannot be had is a reason why
 * nobody knows, never a revocation.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import type { RevocationUnknown } from '@evercert/contract'
import {
  createOcspRequest,
  ensureCrlAnswers,
  findInCrl,
  readCrl,
  readOcspResponse,
  RevocationError,
  type Crl,
  type CrlEntry,
  type RevocationReasonName,
} from '@evercert/pki/revocation'
import { AppError } from '../../domain/errors.ts'
import type { GuardedRequest } from '../../ports/kit.ts'
import type { Services } from '../context.ts'

/** One whose state is asked for. */
export interface Asked {
  readonly serial: string
  readonly leaf: Uint8Array
  readonly issuer: Uint8Array
  /** What the certificate names. */
  readonly urls: readonly string[]
}

/** Instants in epoch milliseconds. */
export type Answer =
  | {
      readonly state: 'good'
      readonly source: 'crl' | 'ocsp' | 'staple'
      readonly thisUpdate: number
      readonly nextUpdate: number
    }
  | {
      readonly state: 'revoked'
      readonly source: 'crl' | 'ocsp' | 'staple'
      readonly thisUpdate: number
      readonly nextUpdate: number
      readonly revokedAt: number
      readonly reason: RevocationReasonName
    }
  | { readonly state: 'unknown'; readonly code: RevocationUnknown; readonly detail: string | null }

/** About 400,000 entries. CAs of the public web divide their lists long before (BR 7.2.2.1). */
export const MAX_CRL_BYTES = 16 * 1024 * 1024
const CRL_TIMEOUT_MS = 60_000
const MAX_OCSP_BYTES = 64 * 1024
const OCSP_TIMEOUT_MS = 15_000
const MAX_REDIRECTS = 3
/** Of all lists that are kept. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024

/** Signatures of certificates. */
const VERIFIED_AT_ONCE = 50

/** One that answered at least one question: signed by the issuer, in its time. */
interface KeptList {
  readonly crl: Crl
  readonly fetchedAt: number
  readonly until: number
}

/** A list that is kept and does not answer all that is asked is fetched anew, so often at most: who names the address of others costs them little. */
const MIN_REFETCH_MS = 300_000

/** @param keepMs how long a list is good enough for certificates that come later */
export function createAsker(services: Services, { keepMs, signal }: { readonly keepMs: number; readonly signal: AbortSignal }) {
  const kept = new Map<string, KeptList>()

  const keep = (url: string, list: KeptList): void => {
    kept.set(url, list)
    let total = 0
    for (const [each, { crl }] of [...kept].toReversed()) {
      total += crl.sizeBytes
      if (total > MAX_KEPT_BYTES) kept.delete(each)
    }
  }
  const fetchList = async (url: string): Promise<Crl> =>
    readCrl(await get(services, url, { maxBytes: MAX_CRL_BYTES, timeoutMs: CRL_TIMEOUT_MS, signal }))

  return {
    /** The state of each, by one list: in the order asked. */
    askCrl: async (url: string, asked: readonly Asked[]): Promise<readonly Answer[]> => {
      try {
        const now = services.now()
        const known = kept.get(url)
        if (known !== undefined && known.until > now) {
          const answers = await answersOf(services, known.crl, asked)
          if (now < known.fetchedAt + MIN_REFETCH_MS || answers.every(isAnswer)) return answers
        }
        const crl = await fetchList(url)
        const answers = await answersOf(services, crl, asked)
        if (answers.some(isAnswer)) {
          kept.delete(url)
          keep(url, { crl, fetchedAt: now, until: Math.min(now + keepMs, crl.nextUpdate) })
        }
        return answers
      } catch (error) {
        const unknown = toUnknown(error)
        return asked.map(() => unknown)
      }
    },
    askOcsp: async (url: string, { leaf, issuer }: Asked): Promise<Answer> => {
      try {
        const request = { method: 'POST', body: createOcspRequest({ leaf, issuer }), maxBytes: MAX_OCSP_BYTES } as const
        const headers = { 'content-type': 'application/ocsp-request', accept: 'application/ocsp-response' }
        return await readOcsp(await get(services, url, { ...request, headers, timeoutMs: OCSP_TIMEOUT_MS, signal }), {
          leaf,
          issuer,
          now: services.now(),
          source: 'ocsp',
        })
      } catch (error) {
        return toUnknown(error)
      }
    },
  }
}

/** @throws RevocationError */
export async function readOcsp(
  der: Uint8Array,
  {
    leaf,
    issuer,
    now,
    source,
  }: { readonly leaf: Uint8Array; readonly issuer: Uint8Array; readonly now: number; readonly source: 'ocsp' | 'staple' },
): Promise<Answer> {
  const { status, ...answer } = await readOcspResponse(der, { leaf, issuer }, now)
  return { state: status, source, ...answer } as Answer
}

/** Nothing is looked up in a list for whom it does not answer: nothing unsigned is walked. */
async function answersOf(services: Services, crl: Crl, asked: readonly Asked[]): Promise<readonly Answer[]> {
  const refusals: (Answer | null)[] = []
  for (const one of asked) {
    if (refusals.length % VERIFIED_AT_ONCE === VERIFIED_AT_ONCE - 1) await setImmediate() // others get their turn
    refusals.push(await refusalOf(crl, one, services.now())) // one after the other: each may hold a copy of the list
  }
  const answered = asked.filter((_, index) => refusals[index] === null)
  const found = await findInCrl(crl, new Set(answered.map(({ serial }) => serial)))
  return asked.map((one, index) => refusals[index] ?? answerOf(crl, found.get(one.serial)))
}

const isAnswer = ({ state }: Answer): boolean => state !== 'unknown'

function answerOf({ thisUpdate, nextUpdate }: Crl, entry: CrlEntry | undefined): Answer {
  const common = { source: 'crl', thisUpdate, nextUpdate } as const
  // Only lists of changes have `removeFromCrl` (RFC 5280 §5.3.1); they are not taken.
  if (entry === undefined || entry.reason === 'removeFromCrl') return { state: 'good', ...common }
  return { state: 'revoked', ...common, ...entry }
}

/** Null: the list answers for this one. */
async function refusalOf(crl: Crl, { leaf, issuer, urls }: Asked, now: number): Promise<Answer | null> {
  try {
    await ensureCrlAnswers(crl, { leaf, issuer, urls, now })
    return null
  } catch (error) {
    return toUnknown(error)
  }
}

async function get(services: Services, url: string, request: GuardedRequest): Promise<Uint8Array> {
  const { status, body, address } = await services.kit.fetch(url, { ...request, maxRedirects: MAX_REDIRECTS })
  if (status === 200) return body
  throw new AppError('upstreamUnavailable', `Fetching ${url.slice(0, 200)}: ${address} answered with HTTP ${status}.`)
}

/** @throws what is neither an answer from outside nor its absence */
function toUnknown(error: unknown): Answer & { readonly state: 'unknown' } {
  if (error instanceof RevocationError) return { state: 'unknown', code: error.fault, detail: error.message }
  if (!(error instanceof AppError)) throw error
  if (error.code === 'addressForbidden') return { state: 'unknown', code: 'addressForbidden', detail: error.message }
  const code = error.facts['maxBytes'] === undefined ? 'unreachable' : 'tooLarge'
  return { state: 'unknown', code, detail: error.message }
}
