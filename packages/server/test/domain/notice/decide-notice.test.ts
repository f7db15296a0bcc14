import { describe, expect, test } from 'vitest'
import { decideNotice, type NoticeFacts } from '../../../src/domain/notice/decide-notice.ts'
import { DEFAULT_LEADS_DAYS } from '../../../src/domain/notice/stages.ts'
import { DAY_MS } from '../../../src/domain/time.ts'

const now = Date.parse('2026-11-23T08:00:00Z')
const issuance = (id: string, daysLeft: number) => ({
  id,
  notBefore: now + (daysLeft - 365) * DAY_MS,
  notAfter: now + daysLeft * DAY_MS,
})
const someFacts = (wish: Partial<NoticeFacts> = {}): NoticeFacts => ({
  closed: false,
  issuance: issuance('current', 12),
  previousIssuance: null,
  servedAt: null,
  endpointCount: 0,
  renewal: null,
  ...wish,
})
const decide = (wish: Partial<NoticeFacts>) => decideNotice(someFacts(wish), DEFAULT_LEADS_DAYS, now)

describe('what is due twelve days before the end', () => {
  test('one stage, not all that have passed', () => {
    expect(decide({})).toMatchObject({ due: { kind: 'expiry', days: 15, progress: 'none' }, nextAt: now + 5 * DAY_MS })
  })

  test.each([
    ['ordered and not issued', { issued: false, served: false }, 'underWay'],
    ['issued, and not seen to be served', { issued: true, served: false }, 'issuedNotServed'],
  ] as const)('a renewal that is %s goes on being told', (_what, renewal, progress) => {
    expect(decide({ renewal }).due).toMatchObject({ days: 15, progress })
  })

  test.each<[string, Partial<NoticeFacts>]>([
    ['its renewal is issued and served', { renewal: { issued: true, served: true } }],
    ['it was revoked, cancelled or closed', { closed: true }],
    ['nothing is issued', { issuance: null }],
  ])('nothing, and never again, when %s', (_what, wish) => {
    expect(decide(wish)).toEqual({ due: null, nextAt: null })
  })
})

describe('a certificate that was issued anew', () => {
  const reissued = { issuance: issuance('new', 300), previousIssuance: issuance('old', 2) }

  test('and is not seen at its sites yet: what is served there goes on being told', () => {
    const { due, nextAt } = decide({ ...reissued, endpointCount: 1 })
    expect(due).toMatchObject({ issuanceId: 'old', days: 3, progress: 'issuedNotServed' })
    expect(nextAt).toBe(now + DAY_MS)
  })

  test.each([
    ['and is served', { servedAt: now, endpointCount: 1 }],
    ['and has no sites known', { endpointCount: 0 }],
  ])('%s: its own end counts', (_what, wish) => {
    expect(decide({ ...reissued, ...wish })).toEqual({ due: null, nextAt: now + 270 * DAY_MS })
  })
})

test('expired and not renewed goes on', () => {
  expect(decide({ issuance: issuance('current', -30) })).toMatchObject({
    due: { kind: 'expired', days: 28 },
    nextAt: now + 5 * DAY_MS,
  })
})
