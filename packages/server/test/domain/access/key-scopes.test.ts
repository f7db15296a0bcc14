import { expect, test } from 'vitest'
import { SCOPES, type Scope } from '@evercert/contract'
import { KEY_SCOPES, leadToKeys } from '../../../src/domain/access/key-scopes.ts'
import { mayGiveRole, scopesOf } from '../../../src/domain/access/roles.ts'

/** With their reasons in the sources. */
const HARMLESS: readonly Scope[] = [
  'certificates:read',
  'certificates:write',
  'applications:review',
  'approvals:decide',
  'orders:read',
  'orders:write',
  'targets:read',
  'targets:write',
  'notices:read',
  'notices:write',
  'members:read',
  'tokens:read',
  'tokens:write',
  'metrics:read',
  'audit:read',
]

test('each permission leads to keys or does not, and was looked at', () => {
  expect([...KEY_SCOPES, ...HARMLESS].toSorted()).toEqual([...SCOPES].toSorted())
  expect([...KEY_SCOPES].toSorted()).toEqual(['installation:operate', 'keys:download', 'members:write', 'rules:write'])
})

test('what harmless permissions come to gives nobody a role with keys', () => {
  expect(leadToKeys(HARMLESS)).toBe(false)
  for (const role of ['owner', 'administrator', 'operator'] as const) {
    expect(leadToKeys(scopesOf(role))).toBe(true)
    expect(mayGiveRole({ scopes: new Set(HARMLESS) }, role)).toBe(false)
  }
  expect(leadToKeys(['certificates:read', 'members:write'])).toBe(true)
})
