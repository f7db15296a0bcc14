/**
 * What every DNS adapter promises: the docstring of `ports/dns.ts`, sentence by sentence. Look-ups do not go through the provider.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DnsProvider } from '../../src/ports/dns.ts'

export interface DnsHarness {
  readonly provider: DnsProvider
  /** A zone that the provider may change. */
  readonly zone: string
  /** The TXT values at the zone's primary server, asked directly. */
  lookup(name: string): Promise<readonly string[]>
  /** The same adapter with a credential that the server does not accept. */
  withWrongCredential(): DnsProvider
  /** The same adapter towards a server that is down. */
  withOutage(): DnsProvider
  /** The same adapter towards a server that takes requests and never answers. */
  withSilence(): DnsProvider
  close(): Promise<void>
}

/** The sentences, run against one adapter. `name` is the adapter's id and what stands behind it. */
export function dnsContract(name: string, createHarness: () => Promise<DnsHarness>): void {
  describe(`dns contract: ${name}`, () => {
    let h: DnsHarness
    let count = 0

    beforeAll(async () => {
      h = await createHarness()
    })
    afterAll(async () => {
      await h?.close()
    })

    const freshName = () => `_acme-challenge.host-${++count}.${h.zone}`
    const record = (at: string, value: string) => ({ name: at, value, ttlSeconds: 60 })
    const values = async (at: string) => [...(await h.lookup(at))].toSorted()

    test('a presented value is visible', async () => {
      const at = freshName()
      await h.provider.present(record(at, 'value-1'))
      expect(await values(at)).toEqual(['value-1'])
    })

    test('a value stands beside those that were there', async () => {
      const at = freshName()
      await h.provider.present(record(at, 'first'))
      await h.provider.present(record(at, 'second'))
      expect(await values(at)).toEqual(['first', 'second'])
    })

    test('values presented at the same time are all there', async () => {
      const at = freshName()
      const wanted = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8']
      await Promise.all(wanted.map((value) => h.provider.present(record(at, value))))
      expect(await values(at)).toEqual(wanted)
    })

    test('presenting twice leaves one, also with another TTL', async () => {
      const at = freshName()
      await h.provider.present(record(at, 'once'))
      await h.provider.present(record(at, 'once'))
      await h.provider.present({ ...record(at, 'once'), ttlSeconds: 300 })
      expect(await values(at)).toEqual(['once'])
    })

    test('capitals and case of a value are kept', async () => {
      const at = freshName()
      await h.provider.present(record(at, 'AbC'))
      await h.provider.present(record(at, 'aBc'))
      expect(await values(at)).toEqual(['AbC', 'aBc'].toSorted())
    })

    test('removing one value retains the others', async () => {
      const at = freshName()
      for (const value of ['a', 'b', 'c']) await h.provider.present(record(at, value))
      await h.provider.remove({ name: at, value: 'b' })
      expect(await values(at)).toEqual(['a', 'c'])
    })

    test('the last value can be removed', async () => {
      const at = freshName()
      await h.provider.present(record(at, 'only'))
      await h.provider.remove({ name: at, value: 'only' })
      expect(await values(at)).toEqual([])
    })

    test('removing an absent value or name is fine, and so is removing twice', async () => {
      const at = freshName()
      await h.provider.remove({ name: at, value: 'never there' })
      await h.provider.present(record(at, 'there'))
      await h.provider.remove({ name: at, value: 'never there' })
      expect(await values(at)).toEqual(['there'])
      await h.provider.remove({ name: at, value: 'there' })
      await h.provider.remove({ name: at, value: 'there' })
      expect(await values(at)).toEqual([])
    })

    test('a wrong credential is credentialsRejected and changes nothing', async () => {
      const at = freshName()
      const provider = h.withWrongCredential()
      await h.provider.present(record(at, 'stays'))
      await expect(provider.present(record(at, 'x'))).rejects.toMatchObject({ code: 'credentialsRejected' })
      await expect(provider.remove({ name: at, value: 'stays' })).rejects.toMatchObject({ code: 'credentialsRejected' })
      expect(await values(at)).toEqual(['stays'])
    })

    test('an outage is upstreamUnavailable', async () => {
      const provider = h.withOutage()
      const at = freshName()
      await expect(provider.present(record(at, 'x'))).rejects.toMatchObject({ code: 'upstreamUnavailable' })
      await expect(provider.remove({ name: at, value: 'x' })).rejects.toMatchObject({ code: 'upstreamUnavailable' })
    })

    test('an aborted signal rejects, before and during the work', async () => {
      const at = freshName()
      const reason = new Error('enough')
      await expect(h.provider.present(record(at, 'x'), AbortSignal.abort(reason))).rejects.toBe(reason)
      await expect(h.provider.remove({ name: at, value: 'x' }, AbortSignal.abort(reason))).rejects.toBe(reason)
      expect(await values(at)).toEqual([])
      const controller = new AbortController()
      const pending = h.withSilence().present(record(at, 'x'), controller.signal)
      setTimeout(() => controller.abort(reason), 100)
      await expect(pending).rejects.toBe(reason)
    })
  })
}
