import type { SameKeys } from '../texts.ts'
import type { outlook as zh } from '../zh/outlook.ts'

export const outlook: SameKeys<typeof zh> = {
  intro: 'What is to be renewed now, in the months to come, and how the shorter lives of public certificates change that.',
  funnel: 'Renewals under way',
  funnelIntro:
    'Certificates whose renewal window is open, and how far each of their renewals is. A renewal ends when it is proved.',
  funnelNone: 'No certificate is in its renewal window: nothing needs renewing.',
  entered: 'Window open',
  stages: {
    ordered: 'Ordered',
    paid: 'Paid',
    applied: 'Applied for',
    issued: 'Issued',
    installed: 'Installed',
    proved: 'Proved',
  },
  waiting: {
    ordered_one: '{{count}} is not ordered',
    ordered_other: '{{count}} are not ordered',
    paid_one: '{{count}} is not paid',
    paid_other: '{{count}} are not paid',
    applied_one: '{{count}} is not applied for',
    applied_other: '{{count}} are not applied for',
    issued_one: '{{count}} is not issued',
    issued_other: '{{count}} are not issued',
    installed_one: '{{count}} is not installed',
    installed_other: '{{count}} are not installed',
    proved_one: '{{count}} is not proved',
    proved_other: '{{count}} are not proved',
  },
  forecast: 'Renewals to come',
  forecastText_one:
    '{{count}} certificate is renewed again and again: {{first}} renewals in the next 12 months, {{last}} in the last 12 months shown.',
  forecastText_other:
    '{{count}} certificates are renewed again and again: {{first}} renewals in the next 12 months, {{last}} in the last 12 months shown.',
  forecastNone: 'No valid certificate is here yet: the forecast begins with the first one.',
  assumption:
    'Each is renewed when its window opens, and lives as long as before or as long as the rules then allow. Certificates of a private CA keep their length. Reissues at no charge count as well. Months are in UTC.',
  period: 'Period',
  years_one: '{{count}} year',
  years_other: '{{count}} years',
  scheduled: 'As the rules shrink',
  asToday: 'If the rules of today went on',
  rule: 'From {{day}}: at most {{count}} days',
  ruleShort: '{{count}} days',
  ruleNow: 'Now: at most {{count}} days',
  asTable: 'As a table',
  month: 'Month',
  ruleColumn: 'Rule',
  calendar: 'Expiry calendar',
  calendarIntro:
    'The day on which each valid certificate expires (UTC); one that was renewed already counts as well. A day leads to its certificates.',
  calendarDay_one: '{{day}}: {{count}} expires',
  calendarDay_other: '{{day}}: {{count}} expire',
  calendarMonth_one: '{{count}} expires',
  calendarMonth_other: '{{count}} expire',
  calendarMonthNone: 'none',
  legend: 'In a day',
}
