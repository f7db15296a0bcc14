/**
 * What the service asks of whoever keeps passwords and sessions.
 *
 * @module
 */
import type { SingleSignOnFault } from '@evercert/contract'

export interface FoundSession {
  readonly sessionId: string
  readonly userId: string
  /** Epoch milliseconds of the system clock. */
  readonly signedInAt: number
  /** `Set-Cookie` values for the answer: the session was prolonged. */
  readonly setCookies: readonly string[]
}

export interface SignInRequestOfCaller {
  readonly path: string
  /** Of a POST; null: a GET. */
  readonly body: object | null
  readonly headers: Headers
  /** The network address of who asks; null: not known. */
  readonly address: string | null
}

export type SingleSignOnStep = Pick<SignInRequestOfCaller, 'headers' | 'address'> &
  (
    | {
        readonly step: 'begin'
        /** Where to go when somebody came back: a path of ours. */
        readonly next: string
        /** The e-mail address of the user who says again who they are; null: somebody comes in. */
        readonly confirms: string | null
      }
    | { readonly step: 'callback'; readonly query: URLSearchParams }
  )

export interface SingleSignOnResult {
  readonly response: Response
  readonly fault: SingleSignOnFault | null
  /** Where to go now, and what that means; null when it came to nothing, and after the first step. */
  readonly came: Came | null
}

/**
 * `secondFactor`: the code is asked for before there is a session; the address is of whom. `confirmed`: nobody comes in; the answer says who it
 * was, and `authenticatedAt` (epoch milliseconds) when the provider asked, which null leaves open.
 */
export type Came =
  | { readonly kind: 'entered'; readonly next: string }
  | { readonly kind: 'secondFactor'; readonly next: string; readonly email: string }
  | { readonly kind: 'confirmed'; readonly next: string; readonly authenticatedAt: number | null }

export interface SignIn {
  /** Whether the request carries a session cookie of ours, valid or not. Loads nothing. */
  hasCookie(headers: Headers): boolean
  /** The session that the cookie stands for; null when it ended or was forged. */
  findSession(headers: Headers): Promise<FoundSession | null>
  /** Whether it is the user's; false for who has none. Who may try how often is decided before. */
  checkPassword(userId: string, password: string): Promise<boolean>
  /** Does one of its paths, such as `/sign-out`. */
  handle(call: SignInRequestOfCaller): Promise<Response>
  /** One of the two steps of single sign-on. @throws AppError `notFound`, `misconfigured`, `upstreamUnavailable` and others of the way out */
  singleSignOn(providerId: string, step: SingleSignOnStep): Promise<SingleSignOnResult>
  /** Whom an answer of ours signed in: their new session is ended again, so that it only says who they are. Null: nobody. */
  takeBack(setCookies: readonly string[]): Promise<string | null>
  /** scrypt with a salt of its own; some 100 ms. */
  hashPassword(password: string): Promise<string>
}
