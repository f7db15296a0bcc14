/**
 * Users, sessions, members. better-auth reads and writes the first five by way of its adapter; we do so beside it.
 *
 * @module
 */
import type { Generated } from 'kysely'
import type { Language, MemberRole, ProviderSecondFactor } from '@evercert/contract'

export interface UserTable {
  id: string
  /** Lower case. */
  email: string
  email_verified: Generated<boolean>
  name: string
  image: Generated<string | null>
  /** Null: what the browser asks for. */
  language: Language | null
  installation_operator: Generated<boolean>
  two_factor_enabled: Generated<boolean>
  created_at: Date
  updated_at: Date
}

export interface CredentialTable {
  id: string
  user_id: string
  /** `credential` for a password. */
  provider_id: string
  provider_user_id: string
  /** scrypt with its salt. */
  password: string | null
  created_at: Date
  updated_at: Date
}

export interface SessionTable {
  id: string
  user_id: string
  token: string
  address: string | null
  user_agent: string | null
  /** The account that was chosen last; null: the first one of the user. */
  account_id: string | null
  expires_at: Date
  created_at: Date
  updated_at: Date
  /** Later than the sign-in: password or second factor were given again. */
  authenticated_at: Generated<Date | null>
}

/** The second step of a sign-in, and how often it was tried, by better-auth; codes that were used, by us (services/access/used-codes.ts). */
export interface SignInChallengeTable {
  id: string
  identifier: string
  /** Of a second step, and of a used code: the user. */
  value: string
  expires_at: Date
  created_at: Date
  updated_at: Date
}

export interface SecondFactorTable {
  id: string
  user_id: string
  verified: Generated<boolean>
}

export interface PasskeyTable {
  id: string
  user_id: string
  name: string
  /** Base64url, as the authenticator names it. */
  credential_id: string
  public_key: string
  counter: number
  /** `multiDevice`: it is kept by an account of the user elsewhere, and comes with it to other devices. */
  device_type: 'singleDevice' | 'multiDevice'
  backed_up: boolean
  transports: string | null
  aaguid: string | null
  created_at: Date
  last_used_at: Date | null
}

/** An OpenID Connect provider of single sign-on. */
export interface SignInProviderTable {
  id: string
  title: string
  issuer: string
  client_id: string
  client_secret_id: string
  allowed_domains: string[]
  new_users: boolean
  /** Whether who has a second factor of ours is asked for it after the provider. */
  second_factor: Generated<ProviderSecondFactor>
  /** With `trusted`: one of these has to be what the provider says; empty: nothing is demanded. */
  required_acr: Generated<string[]>
  created_at: Date
}

/** A program that asks for a token. */
export interface DeviceCodeTable {
  id: string
  /** SHA-256 of what the program has. */
  device_code: string
  user_code: string
  /** Who looked at it first. */
  user_id: string | null
  expires_at: Date
  status: string
  /** What the program says of itself. */
  client_id: string
  scope: string | null
  address: string | null
  /** These three: once it is given. */
  account_id: string | null
  granted_scopes: string[] | null
  token_days: number | null
}

export interface RequestWindowTable {
  subject_sha256: string
  requests: number
  began_at: Date
}

export interface SignInSecretTable {
  only_row: Generated<boolean>
  secret_id: string
}

export interface SignInFailureTable {
  subject_sha256: string
  failures: number
  locked_until: Date | null
  last_at: Date
}

export interface FirstOperatorLinkTable {
  token_sha256: string
  created_at: Date
  expires_at: Date
}

export interface FirstOperatorTable {
  only_row: Generated<boolean>
  user_id: string
  created_at: Date
}

export interface MemberTable {
  account_id: string
  user_id: string
  role: MemberRole
  created_at: Date
}

export interface InvitationTable {
  id: string
  account_id: string
  email: string
  role: MemberRole
  token_sha256: string
  invited_by: string
  created_at: Date
  expires_at: Date
  accepted_at: Date | null
  accepted_by: string | null
}

export interface RecoveryLinkTable {
  token_sha256: string
  user_id: string
  created_at: Date
  expires_at: Date
}
