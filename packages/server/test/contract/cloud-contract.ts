/**
 * What every target at a cloud provider promises: of `ports/deploy.ts` what has no server to reload, and what a provider may answer. The other side checks
 * the signature of each request by a computation of its own.
 *
 * @module
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import type { CertificatePair, DeployTarget } from '../../src/ports/deploy.ts'
import type { AdapterKit } from '../../src/ports/kit.ts'
import { createNotifyKits } from './notify-kit.ts'

/** What happens to the next change: refused, or done and its answer lost. */
export type NextChange = 'throttled' | 'quota' | 'down' | 'lost'

export interface CloudHarness {
  target(wish: Readonly<Record<string, unknown>>, kit: AdapterKit): DeployTarget
  /** SHA-256 of the leaf that visitors would be shown, and only with its own key; null when none. */
  held(): string | null
  /** How many certificates are stored. */
  count(): number
  next(change: NextChange): void
  /** How many requests came in, and what was refused for its form or signature. */
  readonly requests: readonly unknown[]
  readonly complaints: readonly string[]
  reset(): void
  readonly wrongKey: Readonly<Record<string, unknown>>
  readonly wrongSecret: Readonly<Record<string, unknown>>
  /** Settings that name something that is not there; null when none can. */
  readonly absent: Readonly<Record<string, unknown>> | null
  readonly secret: string
  /** Whether each renewal leaves an upload behind, which is removed when that is asked for. */
  readonly leavesUploads?: boolean
  /** Whether an earlier pair is bound by itself, so that taking back needs none. */
  readonly keepsEarlier?: boolean
  close(): Promise<void>
}

export function cloudContract(id: string, createHarness: () => Promise<CloudHarness>): void {
  describe(`${id} keeps the contract of targets at a provider`, () => {
    const authority = createChain()
    const issue = () => authority.issue({ names: ['site.test'] })
    const kits = createNotifyKits()
    let cloud: CloudHarness
    beforeAll(async () => {
      cloud = await createHarness()
    })
    beforeEach(() => cloud.reset())
    afterAll(async () => {
      await cloud?.close()
      await kits.close()
    })
    const target = (wish: Readonly<Record<string, unknown>> = {}) => cloud.target(wish, kits.kit)
    const failureOf = async (work: Promise<unknown>) => {
      const error: unknown = await work.then(() => null).catch((thrown: unknown) => thrown)
      expect(String(error)).not.toContain(cloud.secret)
      expect(JSON.stringify(error)).not.toContain('PRIVATE KEY')
      return error
    }

    test('one renewal after another is served, names the one before, and the same pair changes nothing', async () => {
      let before: string | null = null
      for (let round = 0; round < 3; round++) {
        const pair = issue()
        expect(await target().apply(pair)).toMatchObject({ changed: true, previousSha256: before, reloaded: false })
        expect(cloud.held()).toBe(pair.sha256)
        expect(await target().inspect()).toEqual({ sha256: pair.sha256 })
        const count = cloud.count()
        const again = await target().apply(pair)
        expect(again).toMatchObject({ changed: false, previousSha256: pair.sha256 })
        expect(again.log.join('\n')).not.toContain('PRIVATE KEY')
        expect(cloud.count()).toBe(count)
        before = pair.sha256
      }
      expect(cloud.complaints).toEqual([])
    })

    test('a pair that does not match is refused before anything is asked', async () => {
      const [one, other] = [issue(), issue()]
      for (const pair of [
        { ...one, privateKeyPem: other.privateKeyPem },
        { ...one, sha256: other.sha256 },
        { ...one, privateKeyPem: null },
      ]) {
        await expect(target().apply(pair as CertificatePair)).rejects.toMatchObject({ code: 'deployRefused' })
      }
      expect(cloud.requests).toHaveLength(0)
    })

    test('restore puts the previous pair back, once, and only if the refused one is there', async () => {
      const [old, next] = [issue(), issue()]
      await target().apply(old)
      await target().apply(next)
      if (cloud.keepsEarlier !== true)
        await expect(target().restore(next.sha256, null)).rejects.toMatchObject({ code: 'deployRefused' })
      expect(cloud.held()).toBe(next.sha256)
      expect(await target().restore(next.sha256, old)).toMatchObject({ changed: true, sha256: old.sha256 })
      expect(cloud.held()).toBe(old.sha256)
      expect(await target().restore(next.sha256, old)).toMatchObject({ changed: false, sha256: old.sha256 })
      expect(await target().inspect()).toEqual({ sha256: old.sha256 })
      expect(await target().apply(next)).toMatchObject({ changed: true, previousSha256: old.sha256 })
      expect(cloud.complaints).toEqual([])
    })

    test('when the answer to a change is lost, the next try finds what was done and stores nothing twice', async () => {
      const [old, next] = [issue(), issue()]
      await target().apply(old)
      const count = cloud.count()
      cloud.next('lost')
      expect(await failureOf(target().apply(next))).toMatchObject({ code: 'upstreamUnavailable' })
      await target().apply(next)
      expect(cloud.held()).toBe(next.sha256)
      expect(cloud.count()).toBeLessThanOrEqual(count + 1)
      expect(cloud.complaints).toEqual([])
    })

    test.each([
      ['throttled', 'rateLimited'],
      ['quota', 'deployRefused'],
      ['down', 'upstreamUnavailable'],
    ] as const)('%s is %s, and the old one stays', async (change, code) => {
      const [old, next] = [issue(), issue()]
      await target().apply(old)
      cloud.next(change)
      expect(await failureOf(target().apply(next))).toMatchObject({
        code,
        ...(change === 'throttled' && { retryAfterSeconds: 30 }),
      })
      expect(cloud.held()).toBe(old.sha256)
    })

    test('earlier uploads are removed when that is asked for: its own, and neither what is in use nor what others made; again, nothing', async (context) => {
      if (cloud.leavesUploads !== true) return context.skip()
      const [first, second, third, others] = [issue(), issue(), issue(), issue()]
      for (const pair of [first, second]) await target().apply(pair)
      await target({ name: 'another' }).apply(others)
      await target().apply(third)
      const held = cloud.held()
      const count = cloud.count()
      expect(await target().removeEarlier?.([issue().sha256, others.sha256])).toEqual([])
      expect(cloud.count()).toBe(count)
      expect(await target().removeEarlier?.([first.sha256, second.sha256])).toHaveLength(2)
      expect(cloud.count()).toBe(count - 2)
      expect(await target().removeEarlier?.([first.sha256, second.sha256])).toEqual([])
      expect(cloud.held()).toBe(held)
      expect(await failureOf(target(cloud.wrongSecret).removeEarlier?.([first.sha256]) ?? Promise.resolve())).toMatchObject({
        code: 'credentialsRejected',
      })
      expect(cloud.complaints).toEqual([])
    })

    test('a wrong key, a wrong secret, what is not there, and an address that is not allowed are told apart', async () => {
      expect(await failureOf(target(cloud.wrongKey).apply(issue()))).toMatchObject({ code: 'credentialsRejected' })
      expect(await failureOf(target(cloud.wrongSecret).apply(issue()))).toMatchObject({ code: 'credentialsRejected' })
      if (cloud.absent !== null)
        expect(await failureOf(target(cloud.absent).apply(issue()))).toMatchObject({ code: 'misconfigured' })
      const { length } = cloud.requests
      expect(await failureOf(cloud.target({}, kits.strict).apply(issue()))).toMatchObject({ code: 'addressForbidden' })
      expect(cloud.requests).toHaveLength(length)
    })
  })
}
