/**
 * China's days off and adjusted working days (调休), as the State Council announces them each November for the year after.
 *
 * @module
 */

/** Dates as `YYYY-MM-DD`; a day off may be a range, both ends included. */
export type AnnouncedYear = {
  readonly daysOff: readonly (string | readonly [from: string, to: string])[]
  /** Saturdays and Sundays that are worked in exchange. */
  readonly worked: readonly string[]
}

/** The years that were announced. 2025: notice of 2024-11-12; 2026: notice of 2025-11-04. */
export const CHINA_ANNOUNCED: Readonly<Record<number, AnnouncedYear>> = {
  2025: {
    daysOff: [
      '2025-01-01',
      ['2025-01-28', '2025-02-04'],
      ['2025-04-04', '2025-04-06'],
      ['2025-05-01', '2025-05-05'],
      ['2025-05-31', '2025-06-02'],
      ['2025-10-01', '2025-10-08'],
    ],
    worked: ['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'],
  },
  2026: {
    daysOff: [
      ['2026-01-01', '2026-01-03'],
      ['2026-02-15', '2026-02-23'],
      ['2026-04-04', '2026-04-06'],
      ['2026-05-01', '2026-05-05'],
      ['2026-06-19', '2026-06-21'],
      ['2026-09-25', '2026-09-27'],
      ['2026-10-01', '2026-10-07'],
    ],
    worked: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
  },
}

/**
 * The statutory days of the solar calendar (regulation in force since 2025), as `MM-DD`: what is certain of a year before it is
 * announced. The days of the lunar calendar, and what is exchanged for them, are not.
 */
export const CHINA_FIXED_DAYS_OFF: readonly string[] = ['01-01', '05-01', '05-02', '10-01', '10-02', '10-03']
