/**
 * `evercert forecast`: how many renewals the months to come will bring.
 *
 * @module
 */
import { countOf } from '@evercert/contract'
import { formatDay } from '../format.ts'
import { wrongUsage } from '../failure.ts'
import { formatTable } from '../output.ts'
import type { Session } from '../session.ts'

export interface ForecastOptions {
  readonly months?: string
}

const MAX_MONTHS = 60
const BAR_COLUMNS = 30

export async function forecastCommand(session: Session, options: ForecastOptions): Promise<number> {
  const { say, paint, columns } = session
  const forecast = await (await session.client()).certificates.forecast(toInput(options))
  session.document(forecast)
  const { months, rules, certificates } = forecast
  const most = Math.max(1, ...months.map(({ renewals }) => renewals))
  const ruleOf = (month: string): string =>
    rules
      .filter(({ from }) => from !== null && from.slice(0, 7) === month)
      .map(({ from, validityDays }) =>
        say(`from ${formatDay(from)}: at most ${validityDays} days`, `自 ${formatDay(from)} 起最长 ${validityDays} 天`),
      )
      .join(' ')
  session.print(
    say(
      `${countOf(certificates, 'certificate')} to renew, month by month (UTC):`,
      `待续费证书 ${certificates} 张，按月统计（UTC）：`,
    ),
    ...formatTable(
      [say('MONTH', '月份'), say('RENEWALS', '续费数'), say('RULES OF TODAY', '按现行规则'), '', say('RULE', '规则')],
      months.map(({ month, renewals, underRulesOfToday }) => [
        { text: month },
        { text: String(renewals) },
        { text: String(underRulesOfToday), colour: 'dim' },
        { text: '█'.repeat(Math.ceil((renewals / most) * BAR_COLUMNS)), colour: 'cyan' },
        { text: ruleOf(month), colour: 'yellow' },
      ]),
      { paint, columns, shrink: 3 },
    ),
  )
  return 0
}

/** @throws CliFailure `invalid` */
function toInput({ months }: ForecastOptions): { months?: number } {
  if (months === undefined) return {}
  const count = Number(months)
  if (Number.isInteger(count) && count >= 1 && count <= MAX_MONTHS) return { months: count }
  throw wrongUsage('invalid', `Reading --months: "${months}" is no number from 1 to ${MAX_MONTHS}.`, {
    cause: { en: `"${months}" is no number of months.`, zh: `“${months}” 不是月数。` },
    remedy: { en: `Give a number from 1 to ${MAX_MONTHS}.`, zh: `请输入 1 到 ${MAX_MONTHS} 之间的数。` },
  })
}
