/**
 * The forecast as bars with a line. Whoever cannot see it has the same as a table below it.
 *
 * @module
 */
import type { RenewalForecast } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { currentLanguage, TAGS } from '../../i18n/i18n.ts'
import { monthName } from './months.ts'
import { ticksTo } from './ticks.ts'

/** Of the drawing, not of the screen: it is stretched. */
const WIDTH = 1000
const HEIGHT = 100
const BAR_SHARE = 0.7

export function ForecastChart({ forecast: { months, rules } }: { readonly forecast: RenewalForecast }) {
  const { t } = useTranslation()
  const ticks = ticksTo(Math.max(1, ...months.flatMap(({ renewals, underRulesOfToday }) => [renewals, underRulesOfToday])))
  const top = ticks.at(-1) ?? 1
  const step = WIDTH / months.length
  const y = (count: number): number => HEIGHT - (count / top) * HEIGHT
  const changes = rules.flatMap(({ from, validityDays }) => {
    const index = months.findIndex(({ month }) => from?.startsWith(month))
    return index === -1 || from === null
      ? []
      : [{ validityDays, share: (index + Number(from.slice(8, 10)) / 31) / months.length }]
  })
  const numbers = new Intl.NumberFormat(TAGS[currentLanguage()], { notation: 'compact' })
  return (
    <div className="chart" aria-hidden="true">
      <div className="chart-ticks">
        {ticks.map((tick) => (
          <span key={tick} className="number" style={{ bottom: `${(tick / top) * 100}%` }}>
            {numbers.format(tick)}
          </span>
        ))}
      </div>
      <div className="chart-plot">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
          {ticks.map((tick) => (
            <line key={tick} className="chart-grid" x2={WIDTH} y1={y(tick)} y2={y(tick)} />
          ))}
          {months.map(({ month, renewals }, index) => (
            <g key={month}>
              <title>{`${monthName(month, 'long')}: ${renewals}`}</title>
              <rect className="chart-hit" x={index * step} width={step} height={HEIGHT} />
              <rect
                className="picture-bar"
                x={(index + (1 - BAR_SHARE) / 2) * step}
                width={step * BAR_SHARE}
                y={y(renewals)}
                height={HEIGHT - y(renewals)}
              />
            </g>
          ))}
          <polyline
            className="chart-line"
            points={months.map(({ underRulesOfToday }, index) => `${(index + 0.5) * step},${y(underRulesOfToday)}`).join(' ')}
          />
        </svg>
        {changes.map(({ validityDays, share }) => (
          <span key={validityDays} className="chart-rule" style={{ left: `${share * 100}%` }}>
            {t('outlook.ruleShort', { count: validityDays })}
          </span>
        ))}
      </div>
      <div className="chart-months">
        {months.map(({ month }, index) => (
          <span key={month}>{labelOf(month, index, months.length)}</span>
        ))}
      </div>
    </div>
  )
}

/** Years where they begin; months between them where there is room. */
function labelOf(month: string, index: number, all: number): string {
  if (month.endsWith('-01') || (index === 0 && Number(month.slice(5)) < 11)) return month.slice(0, 4)
  return all <= 12 ? monthName(month, 'short') : ''
}
