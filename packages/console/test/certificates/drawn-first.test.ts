import { expect, it } from 'vitest'
import { rowsToDraw, screenfulFrom } from '../../src/pages/certificates/drawn-first.ts'

const SCREENFUL = 16
type Row = { readonly id: string }
const rows = (count: number, of = 'row'): Row[] => Array.from({ length: count }, (_, index) => ({ id: `${of} ${index}` }))
const listed = (drawn: readonly Row[], of: string | null = 'all') => ({ rows: drawn, of })

it('draws everything that was drawn in the background', () => {
  const loaded = rows(250)
  expect(rowsToDraw(listed(loaded), listed(loaded), SCREENFUL)).toBe(loaded)
})

it('draws a screenful of another list at once, and none of the list before', () => {
  const loaded = rows(50, 'other')
  expect(rowsToDraw(listed(loaded, 'other'), listed(rows(250)), SCREENFUL)).toEqual(loaded.slice(0, SCREENFUL))
  expect(rowsToDraw(listed(loaded, 'other'), listed(rows(250), null), SCREENFUL)).toEqual(loaded.slice(0, SCREENFUL))
  expect(rowsToDraw(listed(loaded), listed([]), SCREENFUL)).toEqual(loaded.slice(0, SCREENFUL))
  expect(rowsToDraw(listed([], 'other'), listed(rows(250)), SCREENFUL)).toEqual([])
  const before = rows(250) // until another list is here
  expect(rowsToDraw(listed(before, null), listed(before), SCREENFUL)).toBe(before)
})

it('adds a screenful of the next page below what is there', () => {
  const before = rows(50)
  const loaded = [...before, ...rows(200, 'next')]
  expect(rowsToDraw(listed(loaded), listed(before), SCREENFUL)).toEqual(loaded.slice(0, 50 + SCREENFUL))
})

it('leaves a list that changed in places as it is until the change is drawn: nothing below the screen goes away meanwhile', () => {
  const drawn = rows(250)
  const loaded = [{ id: 'changed' }, ...drawn.slice(1)]
  const draw = (now: readonly Row[]) => rowsToDraw(listed(now), listed(drawn), SCREENFUL)
  expect(draw(loaded)).toBe(drawn)
  expect(draw(loaded.slice(0, 249))).toBe(drawn)
  const allChanged = drawn.map((row) => ({ ...row }))
  expect(draw(allChanged)).toBe(drawn)
  expect(draw([...allChanged, ...rows(9, 'next')])).toHaveLength(259)
  expect(draw([{ id: 'above' }, ...allChanged])).toHaveLength(251) // moved by one, and every row made anew
})

it('takes as many rows for a screenful as fit below where the list begins, wherever the reader has scrolled to', () => {
  expect(screenfulFrom(600, 900)).toBe(6)
  expect(screenfulFrom(-4000, 900)).toBe(16)
  expect(screenfulFrom(1200, 900)).toBe(1)
})
