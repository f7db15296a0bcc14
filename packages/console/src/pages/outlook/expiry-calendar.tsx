/**
 * The year to come, day by day: which days end certificates, and how many. A day leads to its certificates in the list.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { QueryView } from '../../components/query-view.tsx'
import { currentLanguage, TAGS } from '../../i18n/i18n.ts'
import { calendarMonths, levelOf, levelsTo, type CalendarDay, type CalendarMonth } from './calendar-months.ts'
import { monthName } from './months.ts'

export function ExpiryCalendar() {
  const { t } = useTranslation()
  const expiries = useQuery({ queryKey: keys.expiries, queryFn: () => api.certificates.expiries({}) })
  const [now] = useState(() => new Date())
  return (
    <section className="panel" aria-labelledby="outlook-calendar">
      <h2 id="outlook-calendar">{t('outlook.calendar')}</h2>
      <p className="muted">{t('outlook.calendarIntro')}</p>
      <QueryView query={expiries}>
        {({ items }) => {
          const limits = levelsTo(Math.max(0, ...items.map(({ count }) => count)))
          return (
            <>
              <Legend limits={limits} />
              <div className="calendar">
                {calendarMonths(now, items).map((month) => (
                  <MonthTable key={month.month} month={month} limits={limits} />
                ))}
              </div>
            </>
          )
        }}
      </QueryView>
    </section>
  )
}

function Legend({ limits }: { readonly limits: readonly number[] }) {
  const { t } = useTranslation()
  if (limits.length === 0) return null
  return (
    <ul className="picture-legend" aria-label={t('outlook.legend')}>
      {limits.map((limit, index) => {
        const first = (limits[index - 1] ?? 0) + 1
        return (
          <li key={limit}>
            <span className="calendar-key" data-level={index + 1} aria-hidden="true" />
            {first === limit ? first : `${first}–${limit}`}
          </li>
        )
      })}
    </ul>
  )
}

interface MonthTableProps {
  readonly month: CalendarMonth
  readonly limits: readonly number[]
}

function MonthTable({ month: { month, weeks, count }, limits }: MonthTableProps) {
  const { t } = useTranslation()
  return (
    <table>
      <caption>
        {monthName(month, 'long')}{' '}
        <span className="muted">{count === 0 ? t('outlook.calendarMonthNone') : t('outlook.calendarMonth', { count })}</span>
      </caption>
      <thead>
        <tr>
          {weekdays().map(({ long, short }) => (
            <th key={long} scope="col">
              <abbr title={long}>{short}</abbr>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week.find((day) => day !== null)?.on}>
            {week.map((day, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- the place is the day of the week
              <td key={index}>{day !== null && <Day day={day} level={levelOf(day.count, limits)} />}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Day({ day: { on, count }, level }: { readonly day: CalendarDay; readonly level: number }) {
  const { t } = useTranslation()
  const number = Number(on.slice(8))
  if (count === 0) return <span className="calendar-day">{number}</span>
  const from = new Date(`${on}T00:00:00Z`)
  const to = new Date(from.getTime() + 86_400_000)
  const name = new Intl.DateTimeFormat(TAGS[currentLanguage()], { dateStyle: 'long', timeZone: 'UTC' }).format(from)
  const label = t('outlook.calendarDay', { day: name, count })
  return (
    <Link
      className="calendar-day"
      data-level={level}
      href={`/?${new URLSearchParams({ expiresFrom: from.toISOString(), expiresTo: to.toISOString(), sort: 'expiry' }).toString()}`}
      title={label}
      aria-label={label}
    >
      {number}
    </Link>
  )
}

/** Weeks begin on Monday, as in ISO 8601. */
function weekdays(): { readonly long: string; readonly short: string }[] {
  const nameOf = (day: number, weekday: 'long' | 'narrow'): string =>
    new Intl.DateTimeFormat(TAGS[currentLanguage()], { weekday, timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, day)))
  return [1, 2, 3, 4, 5, 6, 7].map((day) => ({ long: nameOf(day, 'long'), short: nameOf(day, 'narrow') })) // 2024 began with a Monday
}
