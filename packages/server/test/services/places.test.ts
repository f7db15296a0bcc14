import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPlaces, type Host, type Returning } from '../../src/services/advance/places.ts'

const HOST: Host = { name: 'host', isElsewhere: true }
/** As many as one host may keep waiting here. */
const SLOW = 8

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const one = (index: number): Returning => ({ deploymentId: `dep_${index}`, certificateId: `crt_${index}`, accountId: 'acc' })

/** A host that does not answer, with as many as may waiting there, and others that were given back. */
async function aFullHost(givenBack: number) {
  const places = createPlaces(SLOW, SLOW)
  const told: string[] = []
  places.onRoom((who) => told.push(...who.map(({ deploymentId }) => deploymentId)))
  const ends = Array.from({ length: SLOW }, () => {
    const answer = Promise.withResolvers<void>()
    void places.within(() => places.visit().at(HOST, () => answer.promise))
    return answer.resolve
  })
  await vi.advanceTimersByTimeAsync(1_000)
  for (let index = 0; index < givenBack; index++) {
    expect(places.admits(HOST, `dep_${index}`)).toBe(false)
    places.willReturn(HOST, one(index))
  }
  return { places, told, ends }
}

test('who was given back is told when somebody leaves, the oldest first, and nobody as long as nobody does', async () => {
  const { told, ends } = await aFullHost(3)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(told).toEqual([])
  ends[0]?.()
  await vi.advanceTimersByTimeAsync(100)
  expect(told).toEqual(['dep_0'])
})

test('when another node does who was told, the others follow as long as there is room, and wait for no one here to leave', async () => {
  const { told, ends, places } = await aFullHost(SLOW + 3)
  ends[0]?.()
  await vi.advanceTimersByTimeAsync(100)
  expect(told).toEqual(['dep_0']) // and does not come: it is done elsewhere
  await vi.advanceTimersByTimeAsync(5_000)
  expect(told).toEqual(Array.from({ length: SLOW + 3 }, (_, index) => `dep_${index}`))
  expect(places.admits(HOST, 'dep_1')).toBe(true)
})

test('who was given back since others took all that is left beside them returns when those are gone', async () => {
  const places = createPlaces(2 * SLOW, SLOW)
  const told: string[] = []
  places.onRoom((who) => told.push(...who.map(({ deploymentId }) => deploymentId)))
  const other = Promise.withResolvers<void>()
  const own = Promise.withResolvers<void>()
  const local: Host = { name: 'here', isElsewhere: false }
  for (let index = 0; index < SLOW; index++) {
    void places.within(() => places.visit().at({ name: 'other', isElsewhere: true }, () => other.promise))
    const visit = places.visit()
    void places.within(() => visit.at(local, () => visit.aside(() => own.promise)))
  }
  await vi.advanceTimersByTimeAsync(1_000)
  expect(places.admits(local, 'dep_0')).toBe(false)
  places.willReturn(local, one(0))
  other.resolve()
  await vi.advanceTimersByTimeAsync(3_000)
  expect(told).toEqual([]) // eight of its own are there still
  own.resolve()
  await vi.advanceTimersByTimeAsync(100)
  expect(told).toEqual(['dep_0'])
})

test('nobody is told any more once the service stops', async () => {
  const { places, told, ends } = await aFullHost(3)
  places.close()
  ends[0]?.()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(told).toEqual([])
})
