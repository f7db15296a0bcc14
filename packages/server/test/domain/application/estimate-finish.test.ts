import { expect, test } from 'vitest'
import { estimateFinish } from '../../../src/domain/application/estimate-finish.ts'
import { DEFAULT_CALENDAR } from '../../../src/domain/business-day/business-calendar.ts'
import type { CertificateType } from '../../../src/domain/product/specification.ts'

const at = (iso: string): number => Date.parse(iso)

test.each<[CertificateType, string, readonly [string, string, string], boolean]>([
  ['DV', '2026-11-28T03:00:00Z', ['2026-11-28T03:05:00Z', '2026-11-28T03:10:00Z', '2026-11-28T05:00:00Z'], true],
  ['OV', '2026-11-23T03:00:00Z', ['2026-11-25T03:00:00Z', '2026-11-26T03:00:00Z', '2026-11-30T03:00:00Z'], true],
  ['EV', '2026-02-12T03:00:00Z', ['2026-02-14T03:00:00Z', '2026-02-24T03:00:00Z', '2026-02-26T03:00:00Z'], true],
  ['OV', '2026-12-29T03:00:00Z', ['2026-12-31T03:00:00Z', '2027-01-04T03:00:00Z', '2027-01-06T03:00:00Z'], false],
])('FD §3.9 %s of %s: fastest, usually from, usually until', (type, submittedAt, [fastest, from, until], calendarKnown) => {
  expect(estimateFinish(type, at(submittedAt), DEFAULT_CALENDAR)).toEqual({
    fastestAt: at(fastest),
    usuallyFrom: at(from),
    usuallyUntil: at(until),
    calendarKnown,
  })
})
