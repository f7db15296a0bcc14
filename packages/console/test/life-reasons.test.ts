import type { CertificateView } from '@evercert/contract'
import { expect, test } from 'vitest'
import { LIFE_ACTIONS, lifeReason } from '../src/pages/certificate/life-reasons.ts'

type Facts = Pick<CertificateView, 'status' | 'origin' | 'managed' | 'renewedByCertificateId'>

const ALL = ['certificates:write', 'orders:write'] as const
const reasonsOf = (facts: Partial<Facts>, scopes: readonly (typeof ALL)[number][] = ALL) =>
  Object.fromEntries(
    LIFE_ACTIONS.map((action) => [
      action,
      lifeReason(
        action,
        { status: 'issued', origin: 'purchased', managed: false, renewedByCertificateId: null, ...facts },
        scopes,
      ),
    ]),
  )

test('what can be done follows docs/lifecycle.md', () => {
  expect(reasonsOf({})).toEqual({
    rename: null,
    manage: null,
    reissue: null,
    cancel: 'alreadyIssued',
    refund: 'needsRevocation',
    revoke: null,
    remove: 'stillValid',
  })
  expect(reasonsOf({ renewedByCertificateId: 'crt_1' })).toMatchObject({ reissue: 'renewed' })
  expect(reasonsOf({ managed: true })).toMatchObject({ manage: null, revoke: 'managed' })
  expect(reasonsOf({ status: 'pendingApplication' })).toMatchObject({
    manage: 'notIssued',
    reissue: 'notIssued',
    cancel: null,
    refund: null,
    revoke: 'cancelInstead',
    remove: 'cancelInstead',
  })
  expect(reasonsOf({ status: 'reviewFailed' })).toMatchObject({
    cancel: null,
    refund: null,
    revoke: 'cancelInstead',
    remove: null,
  })
  expect(reasonsOf({ status: 'reviewFailed' }, ['certificates:write'])).toMatchObject({ remove: 'ordersScope' })
  expect(reasonsOf({ status: 'revoked' })).toMatchObject({
    cancel: 'alreadyIssued',
    refund: null,
    revoke: 'revoked',
    reissue: 'revoked',
    remove: null,
  })
  expect(reasonsOf({ status: 'expired' })).toMatchObject({ refund: 'expired', revoke: 'expired', reissue: null, remove: null })
  expect(reasonsOf({ status: 'revocationPending' })).toMatchObject({ refund: 'revoking', revoke: 'revoking', remove: 'revoking' })
  expect(reasonsOf({ origin: 'uploaded' })).toMatchObject({
    manage: 'uploaded',
    cancel: 'uploaded',
    refund: 'uploaded',
    revoke: 'uploaded',
    remove: null,
  })
})

test('what ended stays as it is, and a permission that lacks is said first', () => {
  for (const status of ['cancelled', 'refunded', 'closed'] as const) {
    expect(new Set(Object.values(reasonsOf({ status })))).toEqual(new Set(['ended']))
  }
  expect(reasonsOf({ status: 'closed' }, ['certificates:write'])).toMatchObject({ rename: 'ended', cancel: 'ordersScope' })
  expect(reasonsOf({}, ['orders:write'])).toMatchObject({
    rename: 'certificatesScope',
    revoke: 'certificatesScope',
    manage: null,
  })
})
