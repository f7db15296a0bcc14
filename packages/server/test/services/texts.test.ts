import { describe, expect, it } from 'vitest'
import type { Entitlement } from '../../src/domain/entitlement/entitlement.ts'
import { reasonText, topUpText } from '../../src/services/texts.ts'

const UNTIL = Date.UTC(2027, 11, 5, 8)

const topUp = (days: number): Entitlement => ({
  entitledUntil: UNTIL,
  toppedUp: true,
  toppedUpMs: days * 86_400_000,
  toppedUpDays: days,
  lost: null,
})

const loss = (days: number): Entitlement => ({
  ...topUp(0),
  toppedUp: false,
  lost: { reason: 'specificationChanged', days },
})

describe('sentences with counts', () => {
  it('tell one day from many', () => {
    const asBefore = { changed: [], termYears: 1 }
    expect([1, 12].map((days) => topUpText(topUp(days), asBefore).en)).toEqual([
      '1 unused day is topped up: entitled until 2027-12-05 08:00 UTC.',
      '12 unused days are topped up: entitled until 2027-12-05 08:00 UTC.',
    ])
    const changed = { changed: ['grade'], termYears: 1 } as const
    expect([1, 2].map((days) => topUpText(loss(days), changed).en)).toEqual([
      'A changed grade makes this a new purchase: 1 day of unused validity is lost.',
      'A changed grade makes this a new purchase: 2 days of unused validity are lost.',
    ])
    const opens = (daysUntilOpen: number): string =>
      reasonText({ code: 'renewalNotYetOpen', facts: { opensAt: UNTIL, daysUntilOpen, notAfter: UNTIL } }).en
    expect([opens(1), opens(30)]).toEqual([
      'Renewal opens on 2027-12-05 08:00 UTC, in 1 day.',
      'Renewal opens on 2027-12-05 08:00 UTC, in 30 days.',
    ])
  })
})
