/**
 * ACME orders and authorizations (RFC 8555 §7.1) as the core knows orders.
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import { challengeProof, downloadChain, readAuthorization } from '@evercert/pki/acme'
import type { AcmeAccount, AcmeAuthorization, AcmeClient, AcmeOrder } from '@evercert/pki/acme'
import type { CaChallenge, CaOrder, ValidationMethod } from '../../../ports/ca.ts'
import { codeOf, detailOf } from './problems.ts'

/** How an order is to be shown, and who asks. */
export interface View {
  readonly client: AcmeClient
  readonly account: AcmeAccount
  readonly method: ValidationMethod
  readonly preferredRoot: string | null
}

const CHALLENGE_TYPES = { file: 'http-01', dns: 'dns-01' } as const

/** Fetches what the state needs besides the order: the authorizations of a pending or failed one, the chain of a valid one. */
export async function toCaOrder(view: View, order: AcmeOrder): Promise<CaOrder> {
  const { url: ref, status } = order
  switch (status) {
    case 'pending':
    case 'invalid':
      return fromAuthorizations(view, order, await readAuthorizations(view, order))
    case 'ready':
      return { state: 'ready', ref }
    case 'processing':
      return { state: 'processing', ref, retryAfterSeconds: order.retryAfterSeconds }
    case 'valid': {
      if (order.certificateUrl === null) return { state: 'processing', ref, retryAfterSeconds: order.retryAfterSeconds }
      return {
        state: 'issued',
        ref,
        chainPem: await downloadChain(view.client, view.account, order.certificateUrl, view.preferredRoot),
      }
    }
  }
}

function readAuthorizations({ client, account }: View, order: AcmeOrder): Promise<AcmeAuthorization[]> {
  return Promise.all(order.authorizationUrls.map((url) => readAuthorization(client, account, url)))
}

function fromAuthorizations(view: View, order: AcmeOrder, authorizations: readonly AcmeAuthorization[]): CaOrder {
  const { url: ref } = order
  const failed = authorizations.filter(({ status }) => status !== 'pending' && status !== 'valid')
  // One failed authorization fails the order (RFC 8555 §7.1.6), also where the CA's order does not say so yet.
  if (order.status === 'invalid' || failed.length > 0) return { state: 'refused', ref, ...refusalOf(order, failed) }
  const challenges = authorizations.map((authorization) => toCaChallenge(view, authorization))
  const missing = authorizations.find(({ status }, i) => status === 'pending' && challenges[i] === null)
  if (missing) {
    const detail = `The CA offers no ${missing.wildcard ? 'dns' : view.method} validation for ${missing.name}: choose another method.`
    return { state: 'refused', ref, code: 'caRejected', detail }
  }
  const waits = [order, ...authorizations].flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? [])
  return {
    state: 'pending',
    ref,
    challenges: challenges.filter((challenge) => challenge !== null),
    retryAfterSeconds: waits.length > 0 ? Math.max(...waits) : null,
  }
}

/** Null when the authorization has no challenge of the method: it is valid already, or the CA does not offer it. */
function toCaChallenge({ account, method: wanted }: View, authorization: AcmeAuthorization): CaChallenge | null {
  const { name: identifier, wildcard, status } = authorization
  const method = wildcard ? 'dns' : wanted
  const challenge = authorization.challenges.find(({ type }) => type === CHALLENGE_TYPES[method])
  // A valid authorization that was reused may show challenges that nobody has to answer any more.
  if (!challenge || (status === 'valid' && challenge.status !== 'valid')) return null
  const { url: ref, status: state, problem } = challenge
  const { location, content } = challengeProof(account.key, challenge, identifier)
  return { ref, identifier, wildcard, method, location, content, state, problem: problem?.detail ?? null }
}

function refusalOf(order: AcmeOrder, failed: readonly AcmeAuthorization[]): { code: ProblemCode; detail: string } {
  const proofs = failed.flatMap(({ name, challenges }) =>
    challenges.flatMap(({ problem }) => (problem ? [{ name, problem }] : [])),
  )
  const [first] = proofs
  if (first) {
    const detail = proofs.map(({ name, problem }) => `Validating ${name}: ${detailOf(problem)}`).join(' ')
    return { code: codeOf(first.problem, 'validation'), detail }
  }
  if (order.problem)
    return { code: codeOf(order.problem, 'finalize'), detail: `The CA gave the order up: ${detailOf(order.problem)}` }
  const names = failed.map(({ name, status }) => `${name} (${status})`).join(', ')
  return {
    code: 'validationFailed',
    detail: `The CA gave the order up without a reason${names ? `: ${names}` : ''}: order anew.`,
  }
}
