/**
 * Which permissions lead to private keys: whoever gives one of them to a token or a login has to have said lately who they are. The one place:
 * a permission that is not decided on here does not compile.
 *
 * @module
 */
import { SCOPES, type Scope } from '@evercert/contract'

const LEADS_TO_KEYS: Readonly<Record<Scope, boolean>> = {
  'keys:download': true, // itself
  'members:write': true, // invites somebody into a role that has it
  'rules:write': true, // undoes what keeps tokens from keys, and the second person
  'installation:operate': true, // gives any role, connects who signs in, sends keys to targets, reads the backup
  'approvals:decide': false, // approves with the permission of what is asked alone: who gets keys, or loosens rules, has that as well
  'tokens:write': false, // makes tokens of its own permissions alone, none that lasts longer
  'targets:write': false, // deploys again where the operator said; takes no host's place that is given keys
  'certificates:read': false,
  'certificates:write': false, // keys are stored, none is given out
  'applications:review': false,
  'orders:read': false,
  'orders:write': false,
  'targets:read': false,
  'notices:read': false,
  'notices:write': false, // messages have no keys
  'members:read': false,
  'tokens:read': false,
  'metrics:read': false,
  'audit:read': false,
}

export const KEY_SCOPES: ReadonlySet<Scope> = new Set(SCOPES.filter((scope) => LEADS_TO_KEYS[scope]))

export function leadToKeys(scopes: Iterable<Scope>): boolean {
  return [...scopes].some((scope) => KEY_SCOPES.has(scope))
}
