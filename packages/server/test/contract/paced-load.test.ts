import { expect, test } from 'vitest'
import { goesBackForMs, paceOf, startPacedLoad, type Visit } from './paced-load.ts'

const at = (startedAt: number, endedAt: number, seen: string): Visit => ({ startedAt, endedAt, seen })

test('visits that overlap are in no order: they may see either side of a flip', () => {
  expect(goesBackForMs([at(0, 5, 'old'), at(5, 20, 'old'), at(6, 10, 'new'), at(12, 15, 'new')], 'new')).toBe(0)
})

test('a visit that began after another had seen the new one, and saw the old one, is a way back', () => {
  expect(goesBackForMs([at(0, 10, 'new'), at(15, 20, 'old'), at(16, 19, 'new'), at(40, 45, 'old')], 'new')).toBe(30)
})

test('visits are started by the clock, whether or not those before have ended, and no more than allowed', async () => {
  const gate = Promise.withResolvers<string>()
  let started = 0
  const load = startPacedLoad({ perSecond: 200, most: 20 }, () => {
    started += 1
    return started === 7 ? Promise.reject(new Error('refused')) : gate.promise
  })
  await expect.poll(() => started, { interval: 10 }).toBe(20)
  gate.resolve('seen')
  const visits = await load.stop()
  expect(visits.map(({ seen }) => seen).toSorted()).toEqual(['no handshake: Error: refused', ...Array<string>(19).fill('seen')])
  expect(visits.at(-1)?.startedAt).toBeGreaterThanOrEqual(100)
  expect(paceOf(visits)).toBeLessThanOrEqual(200)
})
