/**
 * Failures of better-auth as problems of ours.
 *
 * @module
 */
import type { SignInPath } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'

const REFUSALS_OF_PASSWORD = ['INVALID_EMAIL_OR_PASSWORD', 'INVALID_EMAIL', 'INVALID_PASSWORD', 'PASSWORD_TOO_LONG']
const REFUSALS_OF_CODE = ['INVALID_CODE', 'INVALID_BACKUP_CODE']
const REFUSALS_OF_PASSKEY: Readonly<Record<string, string>> = {
  PASSKEY_NOT_FOUND: 'it is not registered here, or was removed',
  AUTHENTICATION_FAILED: 'its answer is not one to our request',
  FAILED_TO_VERIFY_REGISTRATION: 'its answer is not one to our request, or it is registered already',
  CHALLENGE_NOT_FOUND: 'the request is over or was answered before',
  YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY: 'the request was made for another user',
  USER_NOT_VERIFIED: 'the device did not check that its owner is there',
}
const CHALLENGE_OVER = ['INVALID_TWO_FACTOR_COOKIE', 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE']
const NOT_NOW = ['TOTP_ALREADY_ENABLED', 'TOTP_NOT_ENABLED', 'TWO_FACTOR_NOT_ENABLED', 'BACKUP_CODES_NOT_ENABLED']

/** How long better-auth locks a second factor after ten wrong codes. */
const SECOND_FACTOR_PAUSE_SECONDS = 900

/** What better-auth refused or could not do, as a problem of ours. @throws Error for what it should never answer */
export function toProblem(path: SignInPath, status: number, raw: Readonly<Record<string, unknown>> | null): AppError {
  const code = typeof raw?.['code'] === 'string' ? raw['code'] : ''
  if (REFUSALS_OF_PASSWORD.includes(code))
    return new AppError('signInRefused', 'Checking the password: it is not the one of this user: check it and try again.')
  if (REFUSALS_OF_CODE.includes(code))
    return new AppError('secondFactorRefused', 'Checking the code: it is wrong: enter the one that the app shows now.', {
      facts: { beginAgain: false },
    })
  if (code === 'CODE_USED')
    return new AppError('secondFactorRefused', 'Checking the code: it was used before: wait until the app shows the next one.', {
      facts: { beginAgain: false },
    })
  const ofPasskey = REFUSALS_OF_PASSKEY[code]
  if (ofPasskey !== undefined) return new AppError('passkeyRefused', `Checking the passkey: ${ofPasskey}: try again.`)
  if (CHALLENGE_OVER.includes(code))
    return new AppError('secondFactorRefused', 'Checking the code: this sign-in is over: begin with the password again.', {
      facts: { beginAgain: true },
    })
  if (code === 'ACCOUNT_TEMPORARILY_LOCKED')
    return new AppError('rateLimited', 'Checking the code: too many were wrong: wait, then begin again.', {
      retryAfterSeconds: SECOND_FACTOR_PAUSE_SECONDS,
      facts: { retryAfterSeconds: SECOND_FACTOR_PAUSE_SECONDS },
    })
  if (NOT_NOW.includes(code))
    return new AppError('conflict', `Handling ${path}: the second factor is not in the state for it: read /api/v1/me again.`)
  if (code === 'CREDENTIAL_ACCOUNT_NOT_FOUND')
    return new AppError(
      'conflict',
      `Handling ${path}: this user has no password yet: have an operator make a recovery link, which sets one.`,
    )
  if (status === 401) return unauthenticated()
  throw new Error(`better-auth answered ${status} ${code} to ${path}`)
}

export function unauthenticated(): AppError {
  return new AppError('unauthenticated', 'Signing in: there is no session, or it has ended: sign in again.')
}
