import { expect, it } from 'vitest'
import { rowsToDraw, screenfulFrom } from '../../src/pages/certificates/drawn-first.ts'

const SCREENFUL = 16
const rows = (count: number, of = 'row'): { readonly id: string }[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${of} ${index}` }))

it('draws everything that was drawn in the background', () => {
  const loaded = rows(250)
  expect(rowsToDraw(loaded, loaded, SCREENFUL)).toBe(loaded)
})

it('draws a screenful of another list at once, and none of the list before', () => {
  const loaded = rows(50, 'other')
  expect(rowsToDraw(loaded, rows(250), SCREENFUL)).toEqual(loaded.slice(0, SCREENFUL))
  expect(rowsToDraw(loaded, [], SCREENFUL)).toEqual(loaded.slice(0, SCREENFUL))
  expect(rowsToDraw([], rows(250), SCREENFUL)).toEqual([])
})

it('adds a screenful of the next page below what is there', () => {
  const before = rows(50)
  const loaded = [...before, ...rows(200, 'next')]
  expect(rowsToDraw(loaded, before, SCREENFUL)).toEqual(loaded.slice(0, 50 + SCREENFUL))
})

it('leaves a list that changed in places as it is until the change is drawn: nothing below the screen goes away meanwhile', () => {
  const drawn = rows(250)
  const loaded = [{ id: 'changed' }, ...drawn.slice(1)]
  expect(rowsToDraw(loaded, drawn, SCREENFUL)).toBe(drawn)
  expect(rowsToDraw(loaded.slice(0, 249), drawn, SCREENFUL)).toBe(drawn)
  const allChanged = drawn.map((row) => ({ ...row }))
  expect(rowsToDraw(allChanged, drawn, SCREENFUL)).toBe(drawn)
  expect(rowsToDraw([...allChanged, ...rows(9, 'next')], drawn, SCREENFUL)).toHaveLength(259)
})

it('takes as many rows for a screenful as fit below where the list begins, wherever the reader has scrolled to', () => {
  expect(screenfulFrom(600, 900)).toBe(6)
  expect(screenfulFrom(-4000, 900)).toBe(16)
  expect(screenfulFrom(1200, 900)).toBe(1)
})
