/**
 * What the service asks of whoever keeps passwords and sessions.
 *
 * @module
 */

export interface FoundSession {
  readonly sessionId: string
  readonly userId: string
  /** Epoch milliseconds of the system clock. */
  readonly signedInAt: number
  /** `Set-Cookie` values for the answer: the session was prolonged. */
  readonly setCookies: readonly string[]
}

export interface SignIn {
  /** Whether the request carries a session cookie of ours, valid or not. Loads nothing. */
  hasCookie(headers: Headers): boolean
  /** The session that the cookie stands for; null when it ended or was forged. */
  findSession(headers: Headers): Promise<FoundSession | null>
  /** Does one of its paths, such as `/sign-out`. @param address the network address of who asks; null: not known */
  handle(call: { path: string; body: object; headers: Headers; address: string | null }): Promise<Response>
  /** Whether it is the user's; false for who has none. Who may try how often is decided before. */
  checkPassword(userId: string, password: string): Promise<boolean>
  /** scrypt with a salt of its own; some 100 ms. */
  hashPassword(password: string): Promise<string>
}
