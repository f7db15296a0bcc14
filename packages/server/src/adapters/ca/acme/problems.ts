/**
 * The one place where ACME's problems (RFC 8555 §6.7) get our codes.
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import { AcmeProblem } from '@evercert/pki/acme'
import type { AcmeSubproblem } from '@evercert/pki/acme'
import { AppError } from '../../../domain/errors.ts'

/** When the CA limits without saying for how long: soon enough for short limits, and no burden for long ones. */
const DEFAULT_RATE_LIMIT_SECONDS = 300

/** What was being done: the same ACME type means different things in different places. */
export type Step = 'account' | 'order' | 'finalize' | 'validation'

const CODES: Readonly<Record<string, ProblemCode>> = {
  accountDoesNotExist: 'caAccountInvalid',
  alreadyReplaced: 'conflict',
  badCSR: 'caRejected',
  // Our key and our signatures: an error of ours.
  badPublicKey: 'internal',
  badSignatureAlgorithm: 'internal',
  badRevocationReason: 'caRejected',
  caa: 'caaForbids',
  connection: 'validationFailed',
  dns: 'validationFailed',
  externalAccountRequired: 'misconfigured',
  incorrectResponse: 'validationFailed',
  invalidContact: 'misconfigured',
  invalidProfile: 'misconfigured',
  invalidResponse: 'upstreamUnavailable',
  rateLimited: 'caRateLimited',
  rejectedIdentifier: 'caRejected',
  serverInternal: 'upstreamUnavailable',
  tls: 'validationFailed',
  unsupportedContact: 'misconfigured',
  unsupportedIdentifier: 'caRejected',
  userActionRequired: 'caActionRequired',
}
const CODES_BY_STEP: Readonly<Record<Step, Readonly<Record<string, ProblemCode>>>> = {
  // Wrong external account binding, or no ACME directory at the URL.
  account: { unauthorized: 'credentialsRejected', malformed: 'credentialsRejected', invalidResponse: 'misconfigured' },
  order: { unauthorized: 'caAccountInvalid' },
  finalize: { unauthorized: 'caRejected' },
  validation: { unauthorized: 'validationFailed', malformed: 'validationFailed' },
}
const REMEDIES: Partial<Readonly<Record<ProblemCode, string>>> = {
  caAccountInvalid: 'open the account again',
  caActionRequired: "follow the CA's instructions, then try again",
  caaForbids: "allow the CA in the domain's CAA records",
  caRejected: 'correct what the CA names; its policy decides',
  credentialsRejected: 'check the key ID and HMAC key of the external account binding',
  misconfigured: "check the issuer's settings",
  validationFailed: 'put the proof where the CA looks, then order anew',
}

/** Out of the adapter come only AppErrors: the one place where ACME's problems get our codes. */
export async function translated<Value>(step: Step, attempt: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof AcmeProblem)) throw error
    const code = codeOf(error, step)
    const wait = error.retryAfterSeconds ?? (code === 'caRateLimited' ? DEFAULT_RATE_LIMIT_SECONDS : null)
    throw new AppError(code, `${attempt}: ${detailOf(error)} ${remedyFor(code)}`, {
      cause: error,
      ...(wait !== null && { retryAfterSeconds: wait }),
    })
  }
}

export function codeOf(problem: AcmeProblem, step: Step): ProblemCode {
  const types = [problem.type, ...problem.subproblems.map(({ type }) => type)]
  for (const type of types) {
    const code = CODES_BY_STEP[step][type] ?? CODES[type]
    if (code) return code
  }
  if (problem.status === 429) return 'caRateLimited'
  if (problem.status >= 500) return 'upstreamUnavailable'
  if (problem.status === 404 && step === 'account') return 'misconfigured'
  return step === 'validation' ? 'validationFailed' : 'caRejected'
}

export function detailOf({ detail, subproblems }: AcmeProblem): string {
  const share = ({ identifier, detail: text }: AcmeSubproblem): string => (identifier === null ? text : `${identifier}: ${text}`)
  return [detail, ...subproblems.map(share)].join(' ')
}

function remedyFor(code: ProblemCode): string {
  const remedy = REMEDIES[code]
  return remedy ? `(${remedy})` : '(it is tried again later)'
}
