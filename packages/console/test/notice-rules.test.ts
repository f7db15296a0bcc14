import { expect, test } from 'vitest'
import { readLeads, toSettings, toValues } from '../src/pages/notices/rules-form.ts'

test.each([
  ['30, 15, 7', [30, 15, 7]],
  ['0，1、30；7', [30, 7, 1, 0]],
  ['7 7 3', [7, 3]],
])('%j are the leads %j', (text, days) => {
  expect(readLeads(text)).toEqual(days)
})

test.each(['', '91', '-1', '1.5', 'seven', Array.from({ length: 13 }, (_, day) => day).join(',')])('%j are no leads', (text) => {
  expect(readLeads(text)).toBeNull()
})

test.each([
  { quietHours: { from: '22:00', until: '07:30' }, recipients: [{ name: 'Ada', email: 'ada@example.com' }] },
  { quietHours: null, recipients: [] },
])('what is shown is what is saved: %j', (part) => {
  const settings = { leadsDays: [30, 7, 0], timeZone: 'Asia/Shanghai', language: 'zh' as const, ...part }
  expect(toSettings(toValues(settings))).toEqual(settings)
})
