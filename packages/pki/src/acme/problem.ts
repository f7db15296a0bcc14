/**
 * What a CA says when it refuses (RFC 8555 §6.7, RFC 9457).
 *
 * @module
 */
import { asList, asObject, parseJson, stringIn } from './json.ts'
import type { AcmeResponse } from './transport.ts'

const ACME_PREFIX = 'urn:ietf:params:acme:error:'
/** Texts of a CA go into records and messages: a novel is cut. */
const MAX_DETAIL = 1000

/** One name's share of a problem (RFC 8555 §6.7.1). */
export interface AcmeSubproblem {
  readonly type: string
  readonly detail: string
  /** The name that it is about; null when the CA does not say. */
  readonly identifier: string | null
}

export interface AcmeProblemFacts {
  /**
   * `rateLimited`, `caa`, …: RFC 8555's types without their prefix; another type as its full URI; `invalidResponse` for an answer that
   * is not ACME; empty when the CA gives none.
   */
  readonly type: string
  readonly detail: string
  /** Of the response; 0 for a problem inside an order or challenge that names none. */
  readonly status: number
  readonly identifier?: string | null
  readonly subproblems?: readonly AcmeSubproblem[]
  readonly retryAfterSeconds?: number | null
}

/** A refusal of the CA. Also a value: failed orders and challenges carry one. */
export class AcmeProblem extends Error {
  override readonly name = 'AcmeProblem'
  readonly type: string
  readonly detail: string
  readonly status: number
  readonly identifier: string | null
  readonly subproblems: readonly AcmeSubproblem[]
  /** Whole seconds; null when the CA does not say. */
  readonly retryAfterSeconds: number | null

  constructor(facts: AcmeProblemFacts) {
    super(`${facts.type || facts.status}: ${facts.detail}`)
    this.type = facts.type
    this.detail = facts.detail
    this.status = facts.status
    this.identifier = facts.identifier ?? null
    this.subproblems = facts.subproblems ?? []
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null
  }
}

/** The problem of a response that is no success, whatever its body. */
export function problemOfResponse(response: AcmeResponse, retryAfterSeconds: number | null): AcmeProblem {
  const document = asObject(parseJson(response.body))
  if (document) return readProblem(document, response.status, retryAfterSeconds)
  return new AcmeProblem({
    type: '',
    detail: `The CA answered with status ${response.status} and no explanation.`,
    status: response.status,
    retryAfterSeconds,
  })
}

/** The problem document inside an order or a challenge; null when there is none. */
export function problemOfField(field: unknown): AcmeProblem | null {
  const document = asObject(field)
  return document ? readProblem(document, 0, null) : null
}

/** The CA's answer cannot be understood. */
export function invalidResponse(what: string, status: number): AcmeProblem {
  return new AcmeProblem({ type: 'invalidResponse', detail: `The CA's answer is not ACME: ${what}`, status })
}

function readProblem(document: Readonly<Record<string, unknown>>, status: number, retryAfterSeconds: number | null): AcmeProblem {
  const stated = document['status']
  return new AcmeProblem({
    ...readSubproblem(document),
    status: status || (typeof stated === 'number' ? stated : 0),
    subproblems: asList(document['subproblems']).flatMap((entry) => {
      const subproblem = asObject(entry)
      return subproblem ? [readSubproblem(subproblem)] : []
    }),
    retryAfterSeconds,
  })
}

function readSubproblem(document: Readonly<Record<string, unknown>>): AcmeSubproblem {
  const type = stringIn(document, 'type') ?? ''
  return {
    type: type.startsWith(ACME_PREFIX) ? type.slice(ACME_PREFIX.length) : type === 'about:blank' ? '' : type,
    detail: (stringIn(document, 'detail') ?? stringIn(document, 'title') ?? 'The CA gives no details.').slice(0, MAX_DETAIL),
    identifier: stringIn(asObject(document['identifier']) ?? {}, 'value'),
  }
}
