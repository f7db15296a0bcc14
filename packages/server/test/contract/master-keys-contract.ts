/**
 * What everything that holds master keys promises: the docstrings of `ports/secrets.ts`, sentence by sentence.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MasterKey, MasterKeys } from '../../src/ports/secrets.ts'

export interface MasterKeysHarness {
  /** Opened anew, as after a start. There is one key at the least. */
  open(): Promise<MasterKeys>
  /** Puts a key there as an operator does, without the service. */
  bring(): Promise<void>
  close(): Promise<void>
}

export function masterKeysContract(name: string, create: () => Promise<MasterKeysHarness>): void {
  describe(`master keys: ${name}`, () => {
    let harness: MasterKeysHarness
    let keys: MasterKeys
    beforeAll(async () => {
      harness = await create()
      keys = await harness.open()
    })
    afterAll(async () => {
      await keys.close()
      await harness.close()
    })
    const idsOf = (of: MasterKeys): string[] => of.list().map(({ id }) => id)
    const first = (): MasterKey => {
      const [key] = keys.list()
      if (key === undefined) throw new Error('there is no key')
      return key
    }

    test('unwraps what it wrapped, and wraps the same differently each time', async () => {
      const dataKey = randomBytes(32)
      const [one, other] = await Promise.all([first().wrap(dataKey), first().wrap(dataKey)])
      expect(Buffer.from(one).equals(other)).toBe(false)
      expect(Buffer.from(one).includes(dataKey)).toBe(false)
      for (const wrapped of [one, other]) expect(Buffer.from(await first().unwrap(wrapped)).equals(dataKey)).toBe(true)
    })

    test('keeps many apart that are asked for at once', async () => {
      const dataKeys = Array.from({ length: 50 }, () => randomBytes(32))
      const wrapped = await Promise.all(dataKeys.map((each) => first().wrap(each)))
      const opened = await Promise.all(wrapped.map((each) => first().unwrap(each)))
      expect(opened.map((each) => Buffer.from(each).toString('hex'))).toEqual(dataKeys.map((each) => each.toString('hex')))
    })

    test('refuses a wrapped key that was altered in any byte, or cut short, and goes on', async () => {
      const wrapped = Buffer.from(await first().wrap(randomBytes(32)))
      for (let at = 0; at < wrapped.length; at += 1) {
        const altered = Buffer.from(wrapped)
        altered[at] = (altered[at] ?? 0) ^ 0x40
        await expect(first().unwrap(altered)).rejects.toMatchObject({ code: 'misconfigured' })
      }
      for (const length of [0, 5, 12, 28, wrapped.length - 1])
        await expect(first().unwrap(wrapped.subarray(0, length))).rejects.toMatchObject({ code: 'misconfigured' })
      expect(await first().unwrap(wrapped)).toHaveLength(32)
    })

    test('has the same ids when it is opened again, and opens what it wrapped before', async () => {
      const dataKey = randomBytes(32)
      const wrapped = await first().wrap(dataKey)
      const again = await harness.open()
      expect(idsOf(again)).toEqual(idsOf(keys))
      const same = again.list().find(({ id }) => id === first().id)
      expect(Buffer.from((await same?.unwrap(wrapped)) ?? []).equals(dataKey)).toBe(true)
      await again.close()
    })

    test('takes in what the operator put there', async () => {
      const before = idsOf(keys)
      await harness.bring()
      expect(idsOf(keys)).toEqual(before)
      await keys.reload()
      expect(idsOf(keys)).toHaveLength(before.length + 1)
      expect(idsOf(keys)).toEqual(expect.arrayContaining(before))
    })

    test('a key that it makes is there after any crash, does not open what another wrapped, and is dropped for good', async () => {
      if (keys.kind === 'setting') return expect(keys.add()).rejects.toMatchObject({ code: 'misconfigured' })
      const before = idsOf(keys)
      const made = await keys.add()
      expect(made.isOurs).toBe(true)
      expect(before).not.toContain(made.id)
      const again = await harness.open()
      expect(idsOf(again)).toContain(made.id)
      await again.close()
      const wrapped = await made.wrap(randomBytes(32))
      const [other] = keys.list().filter(({ id }) => id !== made.id)
      await expect(other?.unwrap(wrapped)).rejects.toMatchObject({ code: 'misconfigured' })
      await keys.drop(made.id)
      await keys.drop(made.id)
      expect(idsOf(keys)).toEqual(before)
      await keys.reload()
      expect(idsOf(keys)).toEqual(before)
    })

    test('drops nothing that is not there, or the operator’s', async () => {
      const before = idsOf(keys)
      await keys.drop('0123456789abcdef')
      for (const { id, isOurs } of keys.list()) if (!isOurs) await keys.drop(id)
      await keys.reload()
      expect(idsOf(keys)).toEqual(before)
    })
  })
}
