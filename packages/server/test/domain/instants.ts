/**
 * What the tests of the domain share: readable instants, and generators that reach the awkward ones.
 *
 * @module
 */
import fc from 'fast-check'
import { DAY_MS, HOUR_MS } from '../../src/domain/time.ts'

/** `2026-12-10` (midnight UTC) or a full ISO instant, as epoch milliseconds; a typing error fails the test. */
export function at(iso: string): number {
  const instant = Date.parse(iso)
  if (Number.isNaN(instant)) throw new Error(`not an instant: ${iso}`)
  return instant
}

export function iso(instant: number): string {
  return new Date(instant).toISOString()
}

/** Zones with daylight saving on both hemispheres, with changes at midnight, half-hour offsets, and the ends of the world. */
export const TIME_ZONES = [
  'UTC',
  'Asia/Shanghai',
  'Europe/Berlin',
  'America/New_York',
  'America/Havana',
  'America/St_Johns',
  'Africa/Cairo',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Etc/GMT+12',
] as const

/** Instants from 2020 to 2036, one in four next to a leap day, the end of a year or a change of clocks. */
export const anInstant = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: at('2020-01-01'), max: at('2036-01-01') }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom('2020-02-29', '2024-02-29', '2028-02-29', '2032-02-29', '2027-01-01', '2026-03-29', '2026-11-01'),
        fc.integer({ min: -DAY_MS, max: 2 * DAY_MS }),
      )
      .map(([day, offset]) => at(day) + offset),
  },
)

/** Lifetimes from 1 hour to 398 days, with the ones that are sold, each also one second short as certificates are. */
const aLifetimeMs = fc.oneof(
  fc.integer({ min: HOUR_MS, max: 398 * DAY_MS }),
  fc
    .tuple(fc.constantFrom(1, 6, 7, 45, 46, 47, 64, 89, 90, 91, 99, 100, 199, 200, 365, 397, 398), fc.constantFrom(0, 1000))
    .map(([days, less]) => days * DAY_MS - less),
  fc.constant(160 * HOUR_MS),
)

export const aValidity = fc
  .tuple(anInstant, aLifetimeMs)
  .map(([notBefore, lifetimeMs]) => ({ notBefore, notAfter: notBefore + lifetimeMs }))

/** Every policy that the settings allow, in hours and in calendar days. */
export const aPolicy = fc.record({
  windowDays: fc.oneof({ weight: 3, arbitrary: fc.constant(30) }, { weight: 2, arbitrary: fc.integer({ min: 1, max: 397 }) }),
  calendar: fc.option(fc.record({ timeZone: fc.constantFrom(...TIME_ZONES) }), { nil: null }),
})
