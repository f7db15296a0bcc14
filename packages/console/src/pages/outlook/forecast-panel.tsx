/**
 * How many renewals each month to come will bring: as the rules shrink, and beside it as if they did not.
 *
 * @module
 */
import type { RenewalForecast } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Segmented from 'antd/es/segmented'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { QueryView } from '../../components/query-view.tsx'
import { ForecastChart } from './forecast-chart.tsx'
import { monthName, ruleDay, sumOf } from './months.ts'

const PERIODS = [1, 2, 3, 5] as const

export function ForecastPanel() {
  const { t } = useTranslation()
  const [years, setYears] = useState<number>(3)
  const months = years * 12
  const forecast = useQuery({
    queryKey: keys.forecast(months),
    queryFn: () => api.certificates.forecast({ months }),
    placeholderData: (before) => before,
  })
  return (
    <section className="panel" aria-labelledby="outlook-forecast">
      <div className="picture-head">
        <h2 id="outlook-forecast">{t('outlook.forecast')}</h2>
        <Segmented
          aria-label={t('outlook.period')}
          value={years}
          options={PERIODS.map((value) => ({ value, label: t('outlook.years', { count: value }) }))}
          onChange={setYears}
        />
      </div>
      <QueryView query={forecast}>
        {(data) =>
          data.certificates === 0 ? <p className="muted">{t('outlook.forecastNone')}</p> : <Forecast forecast={data} />
        }
      </QueryView>
    </section>
  )
}

function Forecast({ forecast }: { readonly forecast: RenewalForecast }) {
  const { t } = useTranslation()
  const { months, rules, certificates } = forecast
  return (
    <>
      <p>
        {t('outlook.forecastText', {
          count: certificates,
          first: sumOf(months.slice(0, 12)),
          last: sumOf(months.slice(-12)),
        })}
      </p>
      <ul className="picture-legend">
        <li className="picture-key" data-kind="bar">
          {t('outlook.scheduled')}
        </li>
        <li className="picture-key" data-kind="line">
          {t('outlook.asToday')}
        </li>
        {rules.map(({ from, validityDays }, index) => (
          <li key={validityDays} className="picture-key" data-kind="rule">
            {index === 0
              ? t('outlook.ruleNow', { count: validityDays })
              : t('outlook.rule', { day: ruleDay(from), count: validityDays })}
          </li>
        ))}
      </ul>
      <ForecastChart forecast={forecast} />
      <p className="muted picture-note">{t('outlook.assumption')}</p>
      <details>
        <summary>{t('outlook.asTable')}</summary>
        <ForecastTable forecast={forecast} />
      </details>
    </>
  )
}

function ForecastTable({ forecast: { months, rules } }: { readonly forecast: RenewalForecast }) {
  const { t } = useTranslation()
  return (
    <table className="picture-table">
      <thead>
        <tr>
          <th scope="col">{t('outlook.month')}</th>
          <th scope="col" className="picture-number">
            {t('outlook.scheduled')}
          </th>
          <th scope="col" className="picture-number">
            {t('outlook.asToday')}
          </th>
          <th scope="col">{t('outlook.ruleColumn')}</th>
        </tr>
      </thead>
      <tbody>
        {months.map(({ month, renewals, underRulesOfToday }) => (
          <tr key={month}>
            <th scope="row">{monthName(month, 'long')}</th>
            <td className="picture-number">{renewals}</td>
            <td className="picture-number">{underRulesOfToday}</td>
            <td>
              {rules
                .filter(({ from }) => from?.startsWith(month))
                .map(({ from, validityDays }) => t('outlook.rule', { day: ruleDay(from), count: validityDays }))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
