/**
 * The account as the core stores it: JSON `{ privateJwk, url, directoryUrl }`, `url` null until it is open at the CA.
 *
 * @module
 */
import { z } from 'zod'
import type { AccountJwk } from '@evercert/pki/acme'
import { AppError } from '../../../domain/errors.ts'
import type { CaAccount } from '../../../ports/ca.ts'

const storedAccount = z.object({
  privateJwk: z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: z.string(), y: z.string(), d: z.string() }),
  url: z.url().nullable(),
  directoryUrl: z.url(),
})

/** @throws AppError `caAccountInvalid` */
export function parseAccount(account: CaAccount): z.infer<typeof storedAccount> {
  const parsed = storedAccount.safeParse(parseJson(account))
  if (parsed.success) return parsed.data
  throw new AppError('caAccountInvalid', 'Using the account at the CA: what is stored of it cannot be read: make a new account.')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Not JSON is not an account either; the schema says so.
    return null
  }
}

export function writeAccount(privateJwk: AccountJwk, url: string | null, directoryUrl: string): CaAccount {
  return JSON.stringify({ privateJwk, url, directoryUrl })
}
