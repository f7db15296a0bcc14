import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { AppError } from '../../src/domain/errors.ts'
import type { MasterKey } from '../../src/ports/secrets.ts'
import { createDataKeys } from '../../src/services/data-keys.ts'

/** A token that can be made to hang, or be taken away. */
function aToken(id: string) {
  const state = { wraps: 0, isAway: false, gate: Promise.resolve() }
  const key: MasterKey = {
    id,
    place: 'test',
    isOurs: true,
    isInToken: true,
    wrap: async (dataKey) => {
      await state.gate
      if (state.isAway) throw new AppError('masterKeyAway', 'Asking the token: it is away.')
      state.wraps += 1
      return Buffer.concat([randomBytes(8), dataKey])
    },
    unwrap: (wrapped) => Promise.resolve(wrapped.subarray(8)),
  }
  return { key, state }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 10))

test('are wrapped before somebody needs them: a token that hangs holds up nobody who stores', async () => {
  const { key, state } = aToken('one')
  const keys = createDataKeys({ sealing: key })
  await settle()
  const before = state.wraps
  expect(before).toBeGreaterThan(8)
  const hang = Promise.withResolvers<undefined>()
  state.gate = hang.promise as Promise<void>
  const taken = await Promise.all(Array.from({ length: before }, () => keys.take()))
  expect(state.wraps).toBe(before)
  expect(new Set(taken.map(({ plain }) => Buffer.from(plain).toString('hex'))).size).toBe(before) // each for one record
  for (const { plain, wrapped } of taken) expect(Buffer.from(wrapped.subarray(8)).equals(plain)).toBe(true)
  const late = keys.take()
  hang.resolve(undefined)
  expect((await late).masterKeyId).toBe('one')
})

test('of a key that seals no more are given to nobody', async () => {
  const [one, two] = [aToken('one'), aToken('two')]
  const keyring = { sealing: one.key }
  const keys = createDataKeys(keyring)
  await settle()
  keyring.sealing = two.key
  expect((await keys.take()).masterKeyId).toBe('two')
  await settle()
  expect((await keys.take()).masterKeyId).toBe('two')
})

test('are as many as a batch says that it needs; what is away is said, and asked again', async () => {
  const { key, state } = aToken('one')
  const keys = createDataKeys({ sealing: key })
  await keys.prepare(200)
  expect(state.wraps).toBeGreaterThanOrEqual(200)
  state.isAway = true
  await Promise.all(Array.from({ length: 200 }, () => keys.take()))
  const left = state.wraps - 200
  for (let count = 0; count < left; count += 1) await keys.take()
  await expect(keys.take()).rejects.toMatchObject({ code: 'masterKeyAway' })
  await expect(keys.prepare(1)).rejects.toMatchObject({ code: 'masterKeyAway' })
  state.isAway = false
  expect((await keys.take()).masterKeyId).toBe('one')
})

test('of a key that is no token are made when they are needed: nothing lies ready', async () => {
  const { key, state } = aToken('file')
  const keys = createDataKeys({ sealing: { ...key, isInToken: false } })
  await keys.prepare(50)
  await settle()
  expect(state.wraps).toBe(0)
  await keys.take()
  expect(state.wraps).toBe(1)
})
