/**
 * What a request says who it is with.
 *
 * @module
 */
import type { Credentials } from '../services/access/callers.ts'

export function credentialsOf(headers: Headers): Credentials {
  const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(headers.get('authorization') ?? '')
  return { token: match?.[1] ?? null, headers, accountId: headers.get('x-evercert-account') }
}
