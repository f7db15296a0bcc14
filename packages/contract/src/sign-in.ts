/**
 * Signing in and out, for the console: `POST /api/auth/<path>` with JSON. The session is a cookie, so these are no operations of the API,
 * which programs call with tokens. Failures are problem documents as everywhere.
 *
 * @module
 */
import { z } from 'zod'
import { MAX_PASSWORD_LENGTH } from './me.ts'
import { passkeyAssertion, passkeyAttestation, passkeyName } from './passkeys.ts'

const password = z.string().min(1).max(MAX_PASSWORD_LENGTH)
const ofPassword = z.strictObject({ password })

/** Who has no password signed in less than ten minutes ago instead. */
const ofPasswordIfAny = z.strictObject({ password: password.optional() })

/** Where to go afterwards: a path of the console. */
const ownPath = z
  .string()
  .max(2048)
  .regex(/^\/(?![/\\]|api\/)[\x21-\x7e]*$/)

/** What each path takes. Those after `change-password` need a session. */
export const SIGN_IN_REQUESTS = {
  /** Gives {@link SignInAnswer}. Problems: `signInRefused`, `rateLimited`. */
  'sign-in/email': z.strictObject({ email: z.string().trim().min(1).max(254), password }),
  /** The second step, within ten minutes; with a session: confirms that the app was set up, which turns the second factor on. */
  'two-factor/verify-totp': z.strictObject({ code: z.string().regex(/^\d{6}$/) }),
  'two-factor/verify-backup-code': z.strictObject({ code: z.string().min(1).max(64) }),
  /** Gives {@link PasskeySignInOptions}, good for five minutes. Problems: `misconfigured` (see `signInWays`), `rateLimited`. */
  'passkey/generate-authenticate-options': z.strictObject({}),
  /** Signs in; no second factor is asked for. Problems: `passkeyRefused`, `rateLimited`. */
  'passkey/verify-authentication': z.strictObject({ response: passkeyAssertion }),
  /** Gives {@link SingleSignOnAnswer}. Problems: `notFound`, `upstreamUnavailable`, `misconfigured`, `rateLimited`. */
  'sign-in/social': z.strictObject({
    provider: z.string().min(1).max(31),
    next: ownPath,
  }),
  /**
   * Says again at the provider who the user of the session is; comes back to `next`. Gives {@link SingleSignOnAnswer}. Problems: `notFound` for
   * a provider that does not know the user, and those of `sign-in/social`.
   */
  'confirm/social': z.strictObject({ provider: z.string().min(1).max(31), next: ownPath }),
  'sign-out': z.strictObject({}),
  /** Ends all other sessions of the user. Problems: `signInRefused` (the present one), `weakPassword`. */
  'change-password': z.strictObject({ currentPassword: password, newPassword: password }),
  /** Gives {@link SecondFactorAnswer}; in force once a code of it was verified. Problem: `conflict` when there is one. */
  'two-factor/enable': ofPassword,
  'two-factor/disable': ofPassword,
  /** Gives new back-up codes; the old ones end. */
  'two-factor/generate-backup-codes': ofPassword,
  /** Gives {@link PasskeyRegistrationOptions}. Problems: `signInRefused`, `misconfigured`, `rateLimited`. */
  'passkey/generate-register-options': ofPasswordIfAny,
  /** Problem: `passkeyRefused`. */
  'passkey/verify-registration': z.strictObject({ response: passkeyAttestation, name: passkeyName }),
} as const

export type SignInPath = keyof typeof SIGN_IN_REQUESTS
export type SignInRequest<Path extends SignInPath> = z.input<(typeof SIGN_IN_REQUESTS)[Path]>

/** `secondFactor`: the password is right, and a code is asked for before there is a session. */
export interface SignInAnswer {
  readonly next: 'signedIn' | 'secondFactor'
}

/** The browser goes to this address, and comes back to `GET /api/auth/callback/<provider>`. */
export interface SingleSignOnAnswer {
  readonly url: string
}

/**
 * Why a single sign-on came to nothing: it was given up or refused at the provider; its answer does not fit our request (state, nonce, issuer,
 * signature, code); the provider does not vouch for the e-mail address; the address is of a domain that is not let in; it is no user's; the
 * provider does not say that it asked for a second factor. Of saying again who one is: it was somebody else; the provider did not ask anew.
 */
export const SINGLE_SIGN_ON_FAULTS = [
  'givenUp',
  'doesNotFit',
  'unverified',
  'otherDomain',
  'noUser',
  'oneFactor',
  'otherUser',
  'notAnew',
  'away',
  'tooMany',
] as const
export type SingleSignOnFault = (typeof SINGLE_SIGN_ON_FAULTS)[number]

/** `PublicKeyCredentialRequestOptionsJSON` of WebAuthn. */
export interface PasskeySignInOptions {
  readonly challenge: string
  readonly rpId: string
  readonly userVerification: 'required'
}

/** `PublicKeyCredentialCreationOptionsJSON` of WebAuthn. */
export interface PasskeyRegistrationOptions {
  readonly challenge: string
  readonly rp: { readonly id: string; readonly name: string }
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string }
  readonly pubKeyCredParams: { readonly type: 'public-key'; readonly alg: number }[]
  readonly excludeCredentials: { readonly id: string; readonly type: 'public-key' }[]
}

export interface SecondFactorAnswer {
  /** `otpauth://totp/…`, for a QR code; absent when only the codes are new. */
  readonly totpUri?: string
  /** Each works once, in place of a code. Shown this once. */
  readonly backupCodes: readonly string[]
}
