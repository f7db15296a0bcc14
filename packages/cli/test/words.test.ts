import { expect, test } from 'vitest'
import { applicationView, verdict } from '@evercert/contract'
import { wordFor } from '../src/words.ts'

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
