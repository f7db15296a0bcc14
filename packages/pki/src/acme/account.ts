/**
 * Accounts at the CA (RFC 8555 §7.3). The key is the identity: registering it again finds the account.
 *
 * @module
 */
import type { AcmeAccount, AcmeClient } from './client.ts'
import { locationOf } from './headers.ts'
import { signExternalAccountBinding } from './jws.ts'
import type { AccountKey } from './jws.ts'
import { asObject, parseJson, stringIn } from './json.ts'
import { invalidResponse } from './problem.ts'

export interface ExternalAccountBinding {
  readonly keyId: string
  /** base64url, as the CA hands it out. */
  readonly hmacKey: string
}

export interface AccountRequest {
  /** E-mail addresses or `mailto:` URLs. */
  readonly contacts?: readonly string[]
  readonly externalAccountBinding?: ExternalAccountBinding | null
  /** True to find an account and never make one. */
  readonly onlyReturnExisting?: boolean
}

/**
 * Registers the key, or finds the account that it already has; agrees to the terms of service.
 *
 * @throws AcmeProblem `externalAccountRequired`, `accountDoesNotExist` (with `onlyReturnExisting`), `unauthorized`, …
 */
export async function registerAccount(client: AcmeClient, key: AccountKey, request: AccountRequest = {}): Promise<AcmeAccount> {
  const { newAccount } = await client.directory()
  const { contacts = [], externalAccountBinding: binding = null, onlyReturnExisting = false } = request
  const response = await client.post({ key, url: null }, newAccount, {
    termsOfServiceAgreed: true,
    ...(contacts.length > 0 && { contact: contacts.map(toMailUrl) }),
    ...(onlyReturnExisting && { onlyReturnExisting }),
    ...(binding && { externalAccountBinding: signExternalAccountBinding(binding, key.publicJwk, newAccount) }),
  })
  const url = locationOf(response.headers['location'], newAccount)
  if (url === null) throw invalidResponse('the new account has no Location', response.status)
  return { key, url }
}

/** Where the account's orders are listed (RFC 8555 §7.1.2.1); null when the CA, like Let's Encrypt, offers no list. */
export async function findOrdersUrl(client: AcmeClient, account: AcmeAccount): Promise<string | null> {
  const response = await client.post(account, account.url, null)
  const url = stringIn(asObject(parseJson(response.body)) ?? {}, 'orders')
  return locationOf(url ?? undefined, account.url)
}

function toMailUrl(contact: string): string {
  return contact.includes(':') ? contact : `mailto:${contact}`
}
