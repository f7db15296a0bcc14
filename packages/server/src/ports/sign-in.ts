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
      }
    | { readonly step: 'callback'; readonly query: URLSearchParams }
  )

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
  singleSignOn(providerId: string, step: SingleSignOnStep): Promise<{ response: Response; fault: SingleSignOnFault | null }>
  /** scrypt with a salt of its own; some 100 ms. */
  hashPassword(password: string): Promise<string>
}
