/** STYLE §7: what each ACME problem (RFC 8555 §6.7) becomes. */
import { AcmeProblem } from '@evercert/pki/acme'
import { describe, expect, test } from 'vitest'
import { codeOf, translated } from '../../../src/adapters/ca/acme/problems.ts'
import { AppError } from '../../../src/domain/errors.ts'

const problem = (type: string, more: Partial<ConstructorParameters<typeof AcmeProblem>[0]> = {}): AcmeProblem =>
  new AcmeProblem({ type, detail: 'because', status: 400, ...more })

describe('codes', () => {
  test.each([
    ['accountDoesNotExist', 'caAccountInvalid'],
    ['badCSR', 'caRejected'],
    ['badPublicKey', 'internal'],
    ['badSignatureAlgorithm', 'internal'],
    ['caa', 'caaForbids'],
    ['connection', 'validationFailed'],
    ['dns', 'validationFailed'],
    ['externalAccountRequired', 'misconfigured'],
    ['incorrectResponse', 'validationFailed'],
    ['invalidResponse', 'upstreamUnavailable'],
    ['malformed', 'caRejected'],
    ['rateLimited', 'caRateLimited'],
    ['rejectedIdentifier', 'caRejected'],
    ['serverInternal', 'upstreamUnavailable'],
    ['tls', 'validationFailed'],
    ['unauthorized', 'caAccountInvalid'],
    ['unsupportedIdentifier', 'caRejected'],
    ['userActionRequired', 'caActionRequired'],
    ['urn:example:unheard-of', 'caRejected'],
  ] as const)('%s of a request is %s', (type, code) => {
    expect(codeOf(problem(type), 'order')).toBe(code)
  })

  test('unauthorized depends on what was asked', () => {
    expect(codeOf(problem('unauthorized'), 'account')).toBe('credentialsRejected')
    expect(codeOf(problem('unauthorized'), 'finalize')).toBe('caRejected')
    expect(codeOf(problem('unauthorized'), 'validation')).toBe('validationFailed')
  })

  test('a status without a type speaks for itself', () => {
    expect(codeOf(problem('', { status: 429 }), 'order')).toBe('caRateLimited')
    expect(codeOf(problem('', { status: 502 }), 'order')).toBe('upstreamUnavailable')
    expect(codeOf(problem('', { status: 404 }), 'account')).toBe('misconfigured')
  })

  test('a compound problem is what its first part is', () => {
    const subproblems = [{ type: 'caa', detail: 'CAA says no', identifier: 'a.example' }]
    expect(codeOf(problem('compound', { subproblems }), 'order')).toBe('caaForbids')
  })
})

describe('translated', () => {
  const outcome = (error: unknown): Promise<unknown> =>
    translated('order', 'Ordering a.example', () => Promise.reject(error)).catch((thrown: unknown) => thrown)

  test('says what was attempted, what happened at which name, and what to do', async () => {
    const subproblems = [{ type: 'rejectedIdentifier', detail: 'on the list', identifier: 'a.example' }]
    const error = await outcome(problem('rejectedIdentifier', { subproblems }))
    expect(error).toBeInstanceOf(AppError)
    expect(error).toMatchObject({
      code: 'caRejected',
      message: expect.stringMatching(/^Ordering a\.example: because a\.example: on the list .+/),
    })
  })

  test('a limit always says for how long', async () => {
    expect(await outcome(problem('rateLimited', { retryAfterSeconds: 7 }))).toMatchObject({ retryAfterSeconds: 7 })
    expect(await outcome(problem('rateLimited'))).toMatchObject({ code: 'caRateLimited', retryAfterSeconds: expect.any(Number) })
  })

  test('other errors pass unchanged', async () => {
    const error = new AppError('timedOut', 'slow')
    expect(await outcome(error)).toBe(error)
  })
})
