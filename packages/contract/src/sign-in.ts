/**
 * Signing in and out, for the console: `POST /api/auth/<path>` with JSON. The session is a cookie, so these are no operations of the API,
 * which programs call with tokens. Failures are problem documents as everywhere.
 *
 * @module
 */
import { z } from 'zod'
import { MAX_PASSWORD_LENGTH } from './me.ts'

const password = z.string().min(1).max(MAX_PASSWORD_LENGTH)
const ofPassword = z.strictObject({ password })

/** What each path takes. Those after the first five need a session. */
export const SIGN_IN_REQUESTS = {
  /** Gives {@link SignInAnswer}. Problems: `signInRefused`, `rateLimited`. */
  'sign-in/email': z.strictObject({ email: z.string().trim().min(1).max(254), password }),
  /** The second step, within ten minutes; with a session: confirms that the app was set up, which turns the second factor on. */
  'two-factor/verify-totp': z.strictObject({ code: z.string().regex(/^\d{6}$/) }),
  'two-factor/verify-backup-code': z.strictObject({ code: z.string().min(1).max(64) }),
  'sign-out': z.strictObject({}),
  /** Ends all other sessions of the user. Problems: `signInRefused` (the present one), `weakPassword`. */
  'change-password': z.strictObject({ currentPassword: password, newPassword: password }),
  /** Gives {@link SecondFactorAnswer}; in force once a code of it was verified. Problem: `conflict` when there is one. */
  'two-factor/enable': ofPassword,
  'two-factor/disable': ofPassword,
  /** Gives new back-up codes; the old ones end. */
  'two-factor/generate-backup-codes': ofPassword,
} as const

export type SignInPath = keyof typeof SIGN_IN_REQUESTS
export type SignInRequest<Path extends SignInPath> = z.input<(typeof SIGN_IN_REQUESTS)[Path]>

/** `secondFactor`: the password is right, and a code is asked for before there is a session. */
export interface SignInAnswer {
  readonly next: 'signedIn' | 'secondFactor'
}

export interface SecondFactorAnswer {
  /** `otpauth://totp/…`, for a QR code; absent when only the codes are new. */
  readonly totpUri?: string
  /** Each works once, in place of a code. Shown this once. */
  readonly backupCodes: readonly string[]
}
