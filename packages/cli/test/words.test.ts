import { expect, test } from 'vitest'
import { applicationView, certificateStatus, verdict } from '@evercert/contract'
import { HISTORY_STATES } from '../src/history-words.ts'
import { historyWord, wordFor } from '../src/words.ts'

const ASCII = /^[ -~]*$/

test.each([
  ...verdict.options.map((value) => ['verdict', value] as const),
  ...applicationView.shape.state.options.map((value) => ['application', value] as const),
])('%s %s has a word in Chinese, and is itself in English', (kind, value) => {
  expect(wordFor(kind, value, 'en')).toBe(value)
  expect(wordFor(kind, value, 'zh')).not.toMatch(ASCII)
})

test('what a newer service made up is shown as it is', () => {
  expect(wordFor('order', 'teleported', 'zh')).toBe('teleported')
  expect(wordFor('order', 'constructor', 'zh')).toBe('constructor')
})

test('a timeline has a word for each state that the service records', () => {
  expect(historyWord({ subject: 'certificate', state: 'closed' }, 'zh')).toBe('已关闭')
  expect(historyWord({ subject: 'renewal', state: 'closed' }, 'zh')).toBe('已完成')
  expect(historyWord({ subject: 'renewal', state: 'closed' }, 'en')).toBe('closed')
  expect(historyWord({ subject: 'order', state: 'teleported' }, 'zh')).toBe('teleported')
  expect(Object.keys(HISTORY_STATES)).toEqual(expect.arrayContaining([...certificateStatus.options, 'placed', 'paid', 'proved']))
})
