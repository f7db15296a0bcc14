/**
 * What every deployment adapter promises: the sentences of `ports/deploy.ts`, one by one, each judged by what a TLS handshake shows.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CertificatePair, DeployTarget } from '../../src/ports/deploy.ts'

export interface DeployHarness {
  readonly target: DeployTarget
  /** Whether a pair without its key may be applied. Default: false. */
  readonly hasOwnKeys?: boolean
  /** What is put there is read by itself: nothing is tested, reloaded or put back. Default: false. */
  readonly hasNoCommands?: boolean
  /** Whoever installs there decides about reloads; they cannot be asked for alone. Default: false. */
  readonly reloadsItself?: boolean
  /** Of an adapter that nobody can ask what is there, so that `inspect` says null: whoever knows instead. */
  inspectThere?(): Promise<{ readonly sha256: string | null }>
  /** A new pair for the target's name; each call gives another certificate. */
  issue(): CertificatePair & { readonly privateKeyPem: string }
  /** SHA-256 of the leaf that a new connection gets, once for each address. Must not ask the adapter. */
  served(): Promise<readonly string[]>
  /** Until nothing of before its last reload takes connections any more. Default: whoever applied has waited for that, or does not look. */
  settle?(): Promise<void>
  /** Breaks something of the server's configuration that has nothing to do with the certificate. */
  breakConfiguration(): void
  /** From now on the test command succeeds and the reload command fails. */
  breakReload(): void
  /** Undoes what broke the configuration or the reload. */
  mend(): void
  /** How often the server was told to reload so far. */
  countReloads(): number
  /** Everything that the target could have changed, as text: files, links, rights. */
  snapshot(): string
  close(): Promise<void>
}

/** @param createHarness starts a server that serves a certificate already, and makes a target of it; one for all the tests of the suite */
export function deployContract(id: string, createHarness: () => Promise<DeployHarness>): void {
  describe(`${id} keeps the contract of DeployTarget`, () => {
    let harness: DeployHarness
    beforeAll(async () => {
      harness = await createHarness()
    })
    afterAll(() => harness?.close())

    const expectServed = async (sha256: string | null) => {
      const isServed = (seen: readonly string[]) => seen.length > 0 && seen.every((one) => one === sha256)
      await expect.poll(() => harness.served(), { timeout: 5_000 }).toSatisfy(isServed)
    }

    const inspect = async (): Promise<{ readonly sha256: string | null }> => {
      const inspected = await harness.target.inspect()
      if (harness.inspectThere === undefined) return inspected
      expect(inspected).toEqual({ sha256: null, isUnknown: true })
      return harness.inspectThere()
    }

    test('inspect gives the SHA-256 of the leaf that the target has, and changes nothing', async () => {
      const before = harness.snapshot()
      const { sha256 } = await inspect()
      await expectServed(sha256)
      expect(harness.snapshot()).toBe(before)
    })

    test('apply makes the server serve the new certificate and tells what was there', async () => {
      const { sha256: old } = await inspect()
      const pair = harness.issue()
      const evidence = await harness.target.apply(pair)
      expect(evidence).toMatchObject({ changed: true, previousSha256: old, reloaded: harness.hasNoCommands !== true })
      expect(await inspect()).toEqual({ sha256: pair.sha256 })
      await expectServed(pair.sha256)
    })

    test('applying twice is a no-op the second time: nothing written, nothing reloaded', async () => {
      const pair = harness.issue()
      await harness.target.apply(pair)
      await harness.settle?.() // who looks first could be shown the old one once more, and would reload
      const before = harness.snapshot()
      const reloads = harness.countReloads()
      expect(await harness.target.apply(pair)).toMatchObject({ changed: false, reloaded: false, previousSha256: pair.sha256 })
      expect(harness.snapshot()).toBe(before)
      expect(harness.countReloads()).toBe(reloads)
      // Whoever sees that it is not served wants the reload: alone.
      const isReloaded = harness.hasNoCommands !== true && harness.reloadsItself !== true
      const wish = { mustReload: true }
      expect(await harness.target.apply(pair, wish)).toMatchObject({
        changed: false,
        reloaded: isReloaded,
        previousSha256: pair.sha256,
      })
      expect(harness.snapshot()).toBe(before)
      expect(harness.countReloads()).toBe(isReloaded ? reloads + 1 : reloads)
    })

    test('one renewal after another: each is served, each names the one before', async () => {
      let { sha256: before } = await inspect()
      for (let round = 0; round < 3; round++) {
        const pair = harness.issue()
        expect(await harness.target.apply(pair)).toMatchObject({ changed: true, previousSha256: before })
        await expectServed(pair.sha256)
        before = pair.sha256
      }
    })

    test('a pair that does not match is refused before anything is touched, and the old one stays', async () => {
      const { sha256: old } = await inspect()
      const before = harness.snapshot()
      const [one, other] = [harness.issue(), harness.issue()]
      const bad: readonly CertificatePair[] = [
        { ...one, privateKeyPem: other.privateKeyPem },
        { ...one, sha256: other.sha256 },
        { ...one, chainPem: 'no certificate' },
        { ...one, chainPem: one.chainPem.slice(0, 200) },
        ...(harness.hasOwnKeys === true ? [] : [{ ...one, privateKeyPem: null }]),
        { ...one, privateKeyPem: 'no key' },
        { ...one, privateKeyPem: '' },
      ]
      for (const pair of bad) await expect(harness.target.apply(pair)).rejects.toMatchObject({ code: 'deployRefused' })
      expect(harness.snapshot()).toBe(before)
      await expectServed(old)
    })

    test('a configuration that is broken beforehand is refused, and nothing is changed', async (context) => {
      if (harness.hasNoCommands === true) return context.skip()
      const { sha256: old } = await inspect()
      harness.breakConfiguration()
      const [before, reloads] = [harness.snapshot(), harness.countReloads()]
      await expect(harness.target.apply(harness.issue())).rejects.toMatchObject({ code: 'deployRefused' })
      harness.mend()
      expect(harness.snapshot()).toBe(before)
      expect(harness.countReloads()).toBe(reloads)
      await expectServed(old)
    })

    test('when the reload fails, the previous pair is put back and the error says why', async (context) => {
      if (harness.hasNoCommands === true) return context.skip()
      const first = harness.issue()
      await harness.target.apply(first)
      await expectServed(first.sha256)
      harness.breakReload()
      const failure = harness.target.apply(harness.issue())
      await expect(failure).rejects.toMatchObject({ code: 'rolledBack' })
      await expect(failure).rejects.toThrow('reload is out of order')
      harness.mend()
      expect(await inspect()).toEqual({ sha256: first.sha256 })
      await expectServed(first.sha256)
    })

    test('restore puts back what was there before and reloads it; a second time it does nothing', async () => {
      const [first, refused] = [harness.issue(), harness.issue()]
      await harness.target.apply(first)
      await harness.target.apply(refused)
      await expectServed(refused.sha256)
      expect(await harness.target.restore(refused.sha256, first)).toMatchObject({
        changed: true,
        sha256: first.sha256,
        reloaded: harness.hasNoCommands !== true,
      })
      expect(await inspect()).toEqual({ sha256: first.sha256 })
      await expectServed(first.sha256)
      const [before, reloads] = [harness.snapshot(), harness.countReloads()]
      expect(await harness.target.restore(refused.sha256, first)).toMatchObject({ changed: false, sha256: first.sha256 })
      expect(harness.snapshot()).toBe(before)
      expect(harness.countReloads()).toBe(reloads)
    })

    test('restoring what the target does not have changes nothing, and what was restored can be deployed again', async () => {
      const { sha256: there } = await inspect()
      const before = harness.snapshot()
      const pair = harness.issue()
      expect(await harness.target.restore(pair.sha256, null)).toMatchObject({ changed: false, sha256: there })
      expect(harness.snapshot()).toBe(before)
      expect(await harness.target.apply(pair)).toMatchObject({ changed: true, previousSha256: there })
      await expectServed(pair.sha256)
    })

    test('evidence and errors hold no private key', async () => {
      const pair = harness.issue()
      const { log } = await harness.target.apply(pair)
      harness.breakReload()
      const bad = { ...harness.issue(), privateKeyPem: pair.privateKeyPem }
      const refused = harness.hasNoCommands === true ? bad : harness.issue()
      const error: unknown = await harness.target.apply(refused).catch((thrown: unknown) => thrown)
      harness.mend()
      expect(error).toBeInstanceOf(Error)
      const said = [...log, String(error), JSON.stringify(error)].join('\n')
      expect(said).not.toContain('PRIVATE KEY')
      const secret = pair.privateKeyPem.split('\n')[1] ?? ''
      expect(secret).not.toBe('')
      expect(said).not.toContain(secret)
    })
  })
}
