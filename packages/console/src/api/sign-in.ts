/**
 * Signing in and out: `/api/auth`, which gives and takes the session cookie.
 *
 * @module
 */
import {
  parseProblem,
  type SecondFactorAnswer,
  type SingleSignOnAnswer,
  type SignInAnswer,
  type SignInPath,
  type SignInRequest,
} from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { writeTabAccount } from './tab-account.ts'
import { writeTabToken } from './tab-token.ts'

/** @throws ApiProblem; TypeError when the service is away */
export async function sendSignIn<Path extends SignInPath>(path: Path, request: SignInRequest<Path>): Promise<unknown> {
  const response = await fetch(`/api/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  const body: unknown = await response.json().catch(() => null)
  if (response.ok) return body
  const problem = parseProblem(body)
  throw problem === null ? new TypeError(`status ${response.status}`) : new ApiProblem(problem)
}

/** @throws ApiProblem `signInRefused`, `rateLimited` */
export async function signInByPassword(email: string, password: string): Promise<SignInAnswer['next']> {
  const { next } = (await sendSignIn('sign-in/email', { email, password })) as SignInAnswer
  return next
}

const TOTP = /^\d{6}$/

/** The second step: the code that the app shows, or one of the back-up codes. @throws ApiProblem `secondFactorRefused`, `rateLimited` */
export async function enterSecondFactor(code: string): Promise<void> {
  const trimmed = code.replace(/\s/g, '')
  if (TOTP.test(trimmed)) await sendSignIn('two-factor/verify-totp', { code: trimmed })
  else await sendSignIn('two-factor/verify-backup-code', { code: code.trim() })
}

/** The browser goes to the provider. @throws ApiProblem `upstreamUnavailable`, `misconfigured`, `rateLimited` */
export async function signInByProvider(provider: string, next: string): Promise<void> {
  writeTabToken(null)
  const { url } = (await sendSignIn('sign-in/social', { provider, next })) as SingleSignOnAnswer
  location.assign(url)
}

/** The browser goes to the provider, which asks anew, and comes back here. @throws ApiProblem `notFound`, and those of {@link signInByProvider} */
export async function confirmByProvider(provider: string, next: string): Promise<void> {
  const { url } = (await sendSignIn('confirm/social', { provider, next })) as SingleSignOnAnswer
  location.assign(url)
}

/** Ends the session, or forgets the token of the tab. */
export async function signOut(isByToken: boolean): Promise<void> {
  if (isByToken) writeTabToken(null)
  else await sendSignIn('sign-out', {})
  writeTabAccount(null)
}

/** Ends all other sessions of the user. @throws ApiProblem `signInRefused` (the present one), `weakPassword`, `rateLimited` */
export async function changePassword(currentPassword: string, newPassword: string): Promise<void> {
  await sendSignIn('change-password', { currentPassword, newPassword })
}

/** In force once {@link confirmSecondFactor} was called. @throws ApiProblem `signInRefused`, `rateLimited`, `conflict` when there is one */
export async function beginSecondFactor(password: string): Promise<SecondFactorAnswer> {
  return (await sendSignIn('two-factor/enable', { password })) as SecondFactorAnswer
}

/** @throws ApiProblem `secondFactorRefused` */
export async function confirmSecondFactor(code: string): Promise<void> {
  await sendSignIn('two-factor/verify-totp', { code: code.replace(/\s/g, '') })
}

/** @throws ApiProblem `signInRefused`, `rateLimited` */
export async function endSecondFactor(password: string): Promise<void> {
  await sendSignIn('two-factor/disable', { password })
}

/** The old ones end. @throws ApiProblem `signInRefused`, `rateLimited` */
export async function makeBackupCodes(password: string): Promise<readonly string[]> {
  return ((await sendSignIn('two-factor/generate-backup-codes', { password })) as SecondFactorAnswer).backupCodes
}
