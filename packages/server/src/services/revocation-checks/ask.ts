/**
 * Asks CAs: one request for each list, whoever's certificates it is about, kept while it is fresh. What cannot be had is a reason why
 * nobody knows, never a revocation.
 *
 * @module
 */
import type { RevocationUnknown } from '@evercert/contract'
import {
  createOcspRequest,
  ensureCrlAnswers,
  findInCrl,
  readCrl,
  readOcspResponse,
  RevocationError,
  type Crl,
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

interface KeptList {
  readonly crl: Crl
  readonly until: number
}

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
  const load = async (url: string): Promise<Crl> => {
    const now = services.now()
    const known = kept.get(url)
    if (known !== undefined && known.until > now) return known.crl
    const crl = readCrl(await get(services, url, { maxBytes: MAX_CRL_BYTES, timeoutMs: CRL_TIMEOUT_MS, signal }))
    kept.delete(url)
    keep(url, { crl, until: Math.min(now + keepMs, crl.nextUpdate) })
    return crl
  }

  return {
    /** The state of each, by one list: in the order asked. */
    askCrl: async (url: string, asked: readonly Asked[]): Promise<readonly Answer[]> => {
      try {
        const crl = await load(url)
        const isAnswered = createScope(crl, services.now())
        // One after the other: each holds a copy of the list while its signature is checked. Nothing unsigned is walked.
        const refusals: (Answer | null)[] = []
        for (const one of asked) refusals.push(await isAnswered(one))
        const answered = asked.filter((_, index) => refusals[index] === null)
        const found = await findInCrl(crl, new Set(answered.map(({ serial }) => serial)))
        return asked.map((one, index): Answer => {
          const refusal = refusals[index] ?? null
          if (refusal !== null) return refusal
          const { thisUpdate, nextUpdate } = crl
          const entry = found.get(one.serial)
          const common = { source: 'crl', thisUpdate, nextUpdate } as const
          // Only lists of changes have `removeFromCrl` (RFC 5280 §5.3.1); they are not taken.
          if (entry === undefined || entry.reason === 'removeFromCrl') return { state: 'good', ...common }
          return { state: 'revoked', ...common, ...entry }
        })
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

/** Certificates of one issuer with the same points are answered by the same check of the list. */
function createScope(crl: Crl, now: number) {
  const known = new Map<string, Promise<Answer | null>>()
  return ({ issuer, urls }: Asked): Promise<Answer | null> => {
    const key = `${Buffer.from(issuer).toString('base64')} ${urls.join(' ')}`
    const outcome =
      known.get(key) ??
      ensureCrlAnswers(crl, { issuer, urls, now }).then(
        () => null,
        (error: unknown) => toUnknown(error),
      )
    known.set(key, outcome)
    return outcome
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
