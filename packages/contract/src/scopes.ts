/**
 * Permissions, `nouns:read` or `nouns:write`. `keys:download` is to be given private keys,
 * `metrics:read` is to read `/metrics` of an account, `audit:read` its audit log, `applications:review` to decide on what others applied for,
 * `approvals:decide` to be the second person, `rules:write` to say what needs one. `installation:operate` is
 * the operator of the installation: money in, issuers, further accounts, and targets that run commands on the server.
 *
 * @module
 */
export const SCOPES = [
  'certificates:read',
  'certificates:write',
  'applications:review',
  'approvals:decide',
  'keys:download',
  'orders:read',
  'orders:write',
  'targets:read',
  'targets:write',
  'notices:read',
  'notices:write',
  'members:read',
  'members:write',
  'tokens:read',
  'tokens:write',
  'rules:write',
  'metrics:read',
  'audit:read',
  'installation:operate',
] as const

export type Scope = (typeof SCOPES)[number]

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text)
}
