/**
 * The way to the CA, lent by the caller, so that every URL (also those that the CA returns) passes the caller's own guard.
 *
 * @module
 */

export interface AcmeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export interface AcmeResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** Does not follow redirects. What it throws passes through the client unchanged. */
export type AcmeTransport = (url: string, request: AcmeRequest) => Promise<AcmeResponse>
