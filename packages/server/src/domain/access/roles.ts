/**
 * What each role may do: the one place. An operation says which permission it needs, a role which ones it has.
 *
 * @module
 */
import { SCOPES, type MemberRole, type Role, type Scope } from '@evercert/contract'

/** An owner has everything in the account; what is of the installation belongs to none. */
const OF_ACCOUNT = SCOPES.filter((scope) => scope !== 'installation:operate')

const ROLE_SCOPES: Readonly<Record<Role, readonly Scope[]>> = {
  // Private keys and four eyes are the account's: who runs the installation has a say in them only as a member.
  installationOperator: SCOPES.filter((scope) => !['keys:download', 'approvals:decide', 'rules:write'].includes(scope)),
  owner: OF_ACCOUNT,
  administrator: OF_ACCOUNT.filter((scope) => scope !== 'rules:write'),
  operator: [
    'certificates:read',
    'certificates:write',
    'keys:download',
    'approvals:decide',
    'orders:read',
    'orders:write',
    'targets:read',
    'targets:write',
    'notices:read',
    'notices:write',
  ],
  finance: ['certificates:read', 'approvals:decide', 'orders:read', 'orders:write', 'notices:read'],
  reviewer: ['certificates:read', 'applications:review', 'notices:read'],
  auditor: ['certificates:read', 'orders:read', 'targets:read', 'notices:read', 'members:read', 'tokens:read', 'audit:read'],
  viewer: ['certificates:read', 'targets:read', 'notices:read'],
}

export function scopesOf(role: Role): ReadonlySet<Scope> {
  return new Set(ROLE_SCOPES[role])
}

export interface Standing {
  /** Null: no member of the account. */
  readonly role: MemberRole | null
  readonly isInstallationOperator: boolean
}

/** The role that a user calls as, and everything they may do; null when the account is closed to them. */
export function standingOf({ role, isInstallationOperator }: Standing): { role: Role; scopes: ReadonlySet<Scope> } | null {
  if (!isInstallationOperator) return role === null ? null : { role, scopes: scopesOf(role) }
  const own = role === null ? [] : ROLE_SCOPES[role]
  return { role: role ?? 'installationOperator', scopes: new Set([...ROLE_SCOPES.installationOperator, ...own]) }
}

/**
 * Whether a caller may give or take a role: none that has more than they have themselves. Owners are made and unmade by owners. The
 * installation's operator may give any, and is seen doing it.
 *
 * @param giver `role` is missing for a token
 */
export function mayGiveRole(giver: { readonly role?: Role; readonly scopes: ReadonlySet<Scope> }, wanted: MemberRole): boolean {
  if (giver.scopes.has('installation:operate')) return true
  if (wanted === 'owner' && giver.role !== 'owner') return false
  return ROLE_SCOPES[wanted].every((scope) => giver.scopes.has(scope))
}
