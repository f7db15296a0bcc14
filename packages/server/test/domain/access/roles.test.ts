import { describe, expect, test } from 'vitest'
import { MEMBER_ROLES, ROLES, SCOPES } from '@evercert/contract'
import { mayGiveRole, scopesOf, standingOf } from '../../../src/domain/access/roles.ts'

test('every permission but that of the installation is an owner’s, and every role can read certificates', () => {
  expect(SCOPES.filter((scope) => !scopesOf('owner').has(scope))).toEqual(['installation:operate'])
  for (const role of ROLES) expect(scopesOf(role).has('certificates:read')).toBe(true)
})

test.each(['finance', 'reviewer', 'auditor', 'viewer', 'installationOperator'] as const)('%s gets no private keys', (role) => {
  expect(scopesOf(role).has('keys:download')).toBe(false)
})

test('the rules are the owner’s, and whoever may be a second person is a member', () => {
  expect(ROLES.filter((role) => scopesOf(role).has('rules:write'))).toEqual(['owner'])
  expect(ROLES.filter((role) => scopesOf(role).has('approvals:decide'))).toEqual([
    'owner',
    'administrator',
    'operator',
    'finance',
  ])
})

test.each(['auditor', 'viewer'] as const)('%s changes nothing', (role) => {
  expect([...scopesOf(role)].filter((scope) => !scope.endsWith(':read'))).toEqual([])
})

describe('standing', () => {
  test('a stranger has none, a member their role, the installation’s operator a role and more', () => {
    expect(standingOf({ role: null, isInstallationOperator: false })).toBeNull()
    expect(standingOf({ role: 'viewer', isInstallationOperator: false })).toEqual({ role: 'viewer', scopes: scopesOf('viewer') })
    const alone = standingOf({ role: null, isInstallationOperator: true })
    expect(alone?.role).toBe('installationOperator')
    expect(alone?.scopes.has('keys:download')).toBe(false)
    const member = standingOf({ role: 'operator', isInstallationOperator: true })
    expect(member?.role).toBe('operator')
    expect([member?.scopes.has('keys:download'), member?.scopes.has('installation:operate')]).toEqual([true, true])
  })
})

describe('roles are given', () => {
  const may = (role: (typeof MEMBER_ROLES)[number]) =>
    MEMBER_ROLES.filter((wanted) => mayGiveRole({ role, scopes: scopesOf(role) }, wanted))

  test('by owners all, by administrators all but owner, by others none above their own', () => {
    expect(may('owner')).toEqual([...MEMBER_ROLES])
    expect(may('administrator')).toEqual(MEMBER_ROLES.filter((role) => role !== 'owner'))
    expect(may('viewer')).toEqual(['viewer'])
  })

  test('by a token up to its permissions, never owner', () => {
    expect(mayGiveRole({ scopes: new Set(['members:write']) }, 'viewer')).toBe(false)
    expect(mayGiveRole({ scopes: scopesOf('owner') }, 'administrator')).toBe(true)
    expect(mayGiveRole({ scopes: scopesOf('owner') }, 'owner')).toBe(false)
    expect(mayGiveRole({ scopes: new Set(['installation:operate']) }, 'owner')).toBe(true)
  })
})
