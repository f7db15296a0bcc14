import { describe, expect, it, test } from 'vitest'
import { formatInstant, inOwnZone, partsOf } from '../src/i18n/instants.ts'

/** In the zone of whoever runs the tests. */
const MIDNIGHT = new Date(2026, 11, 5, 0, 7, 9).toISOString()

describe('an instant', () => {
  test.each([
    ['zh', 'minute', '2026/12/05 00:07'],
    ['zh', 'second', '2026/12/05 00:07:09'],
    ['en', 'minute', '2026-12-05 00:07'],
    ['en', 'second', '2026-12-05 00:07:09'],
    ['en', 'day', '2026-12-05'],
  ] as const)('in %s, to the %s, just after midnight is of the new day: %s', (language, precision, text) => {
    expect(formatInstant(MIDNIGHT, precision, language)).toBe(text)
  })
})

describe('a sentence', () => {
  const SENTENCE = 'Paid for until 2026-12-05 08:00 UTC: reissue from 2026-11-05 00:00 UTC on.'

  it('is its words and its instants, which can be pointed at', () => {
    expect(partsOf(SENTENCE)).toEqual([
      { text: 'Paid for until ' },
      { at: '2026-12-05T08:00:00Z' },
      { text: ': reissue from ' },
      { at: '2026-11-05T00:00:00Z' },
      { text: ' on.' },
    ])
    expect(partsOf('Nothing to do.')).toEqual([{ text: 'Nothing to do.' }])
  })

  it('says them in the zone of whoever looks, as its parts do', () => {
    const shown = partsOf(SENTENCE).map((part) => ('at' in part ? formatInstant(part.at, 'minute', 'en') : part.text))
    expect(inOwnZone(SENTENCE, 'en')).toBe(shown.join(''))
  })
})
