/**
 * What expires in each of the 12 months to come; a month is a filter of the list.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { currentLanguage, TAGS } from '../../i18n/i18n.ts'
import type { ChangeListState } from './list-query.ts'
import { expiryMonths } from './expiry-months.ts'

const MIN_SHARE = 0.06

export function ExpiryTimeline({ onChange }: { readonly onChange: ChangeListState }) {
  const { t } = useTranslation()
  const expiries = useQuery({ queryKey: keys.expiries, queryFn: () => api.certificates.expiries({}) })
  const [now] = useState(() => new Date())
  const months = expiryMonths(now, expiries.data?.items ?? [])
  const most = Math.max(1, ...months.map(({ count }) => count))
  const names = new Intl.DateTimeFormat(TAGS[currentLanguage()], { month: 'short', timeZone: 'UTC' })
  const longNames = new Intl.DateTimeFormat(TAGS[currentLanguage()], { month: 'long', year: 'numeric', timeZone: 'UTC' })
  return (
    <section className="panel" aria-label={t('certificates.timeline')}>
      <h2>{t('certificates.timeline')}</h2>
      <ProblemNotice error={expiries.error} onRetry={() => void expiries.refetch()} />
      {expiries.data?.items.length === 0 && <p className="muted">{t('certificates.timelineNone')}</p>}
      <ol className="timeline">
        {months.map(({ from, to, count }) => {
          const label = t('certificates.timelineMonth', { month: longNames.format(from), count })
          const share = count === 0 ? 0 : Math.max(MIN_SHARE, count / most)
          return (
            <li key={from.toISOString()}>
              <button
                type="button"
                title={label}
                onClick={() =>
                  onChange({ expiresFrom: from.toISOString(), expiresTo: to.toISOString(), sort: 'expiry', status: undefined })
                }
              >
                <span className="visually-hidden">{label}</span>
                <span className="timeline-count number" aria-hidden="true">
                  {count === 0 ? '' : count}
                </span>
                <svg viewBox="0 0 10 60" preserveAspectRatio="none" aria-hidden="true">
                  <rect className="timeline-bar" y={60 - share * 60} width="10" height={share * 60} />
                </svg>
                <span className="timeline-month" aria-hidden="true">
                  {names.format(from)}
                </span>
              </button>
            </li>
          )
        })}
      </ol>
    </section>
  )
}
