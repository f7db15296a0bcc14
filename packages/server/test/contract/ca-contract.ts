/**
 * What every CA adapter promises: the docstring of `ports/ca.ts`, sentence by sentence. An adapter's test lends a harness with a
 * real CA behind it. Certificates are judged by `node:crypto`, not by the code under test.
 *
 * @module
 */
import { createPublicKey, randomUUID, X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCsr, generateKey, type PrivateKey } from '@evercert/pki'
import { AppError } from '../../src/domain/errors.ts'
import type { Ca, CaAccount, CaChallenge, CaOrder, CaOrderRequest, ValidationMethod } from '../../src/ports/ca.ts'

/** A CA to be tried, and the hands that put proofs in place. Nothing here goes through the adapter. */
export interface CaHarness {
  readonly ca: Ca
  /** Epoch milliseconds; the clock that the adapter was given. */
  readonly now: () => number
  /** PEM of the roots under which the CA's chains end. */
  rootsPem(): Promise<readonly string[]>
  /** A name that was never ordered, whose A record leads to the harness's web server. */
  freshName(): string
  /** A name that the CA refuses by policy or syntax; null where it refuses none before it looks for proof. */
  readonly refusedName: string | null
  /** Puts the proof where the CA looks: a file on the web server, or a TXT record. */
  publish(challenge: CaChallenge): Promise<void>
  unpublish(challenge: CaChallenge): Promise<void>
  /** Requests that the adapter sent to the outside so far. */
  requestsSent(): number
  /** True when a proof that failed may be put right and answered again; false when the CA then refuses the order (RFC 8555 §7.1.6). */
  failedProofMayBeRepeated(method: ValidationMethod, fault: 'missing' | 'wrong'): boolean
  /** Whether the CA itself says that the leaf is revoked; null where it cannot be asked. */
  readonly isRevoked: ((leafDer: Uint8Array) => Promise<boolean>) | null
  /** The same adapter towards a CA that is down, or that limits; null where that cannot happen (a CA inside the process). */
  readonly outage: (() => Promise<Ca>) | null
  readonly rateLimited: (() => Promise<Ca>) | null
  close(): Promise<void>
}

const POLLS = 60
const LONGEST_WAIT_MS = 2000 // a real CA may ask for more; the suite does not wait longer between two polls
const THIRTY_DAYS_MS = 30 * 86_400_000

/** The sentences, run against one adapter. `name` is the adapter's id and what stands behind it. */
export function caContract(name: string, createHarness: () => Promise<CaHarness>): void {
  describe(`ca contract: ${name}`, () => {
    let h: CaHarness
    let account: CaAccount

    beforeAll(async () => {
      h = await createHarness()
      account = await h.ca.openAccount(await h.ca.createAccount())
    })
    afterAll(async () => {
      await h?.close()
    })

    const request = (identifiers: readonly string[], more: Partial<CaOrderRequest> = {}): CaOrderRequest => ({
      reference: randomUUID(),
      identifiers,
      method: 'dns',
      notAfter: inThirtyDays(h),
      mayExist: false,
      firstAttemptAt: h.now(),
      ...more,
    })
    const issue = (identifiers: readonly string[], method: ValidationMethod = 'dns') =>
      issueCertificate(h, account, request(identifiers, { method }))

    describe('accounts', () => {
      test('creating an account sends nothing to the CA, and two accounts differ', async () => {
        const before = h.requestsSent()
        const [first, second] = [await h.ca.createAccount(), await h.ca.createAccount()]
        expect(h.requestsSent()).toBe(before)
        expect(first).not.toBe(second)
      })

      test('opening an account again gives the same account at the CA', async () => {
        const created = await h.ca.createAccount()
        const once = await h.ca.openAccount(created)
        const order = await h.ca.placeOrder(once, request([h.freshName()]))
        const again = await h.ca.openAccount(created)
        const thrice = await h.ca.openAccount(again)
        expect((await h.ca.readOrder(again, { ref: order.ref, method: 'dns' })).ref).toBe(order.ref)
        expect((await h.ca.readOrder(thrice, { ref: order.ref, method: 'dns' })).ref).toBe(order.ref)
      })
    })

    describe('orders', () => {
      test('a new order is pending with one challenge for each name', async () => {
        const names = [h.freshName(), h.freshName()]
        const order = expectState(await h.ca.placeOrder(account, request(names)), 'pending')
        expect(order.challenges.map((challenge) => challenge.identifier).toSorted()).toEqual(names.toSorted())
        expect(new Set(order.challenges.map((challenge) => challenge.ref)).size).toBe(names.length)
        for (const challenge of order.challenges) expectSoundChallenge(challenge, 'dns')
        expectSoundRetryAfter(order)
      })

      test('a challenge of the file method names a path and a body', async () => {
        const order = expectState(await h.ca.placeOrder(account, request([h.freshName()], { method: 'file' })), 'pending')
        expect(order.challenges).toHaveLength(1)
        for (const challenge of order.challenges) expectSoundChallenge(challenge, 'file')
      })

      test('a wildcard is proved by dns whatever is asked, and its identifier has no star', async () => {
        const name = h.freshName()
        const order = expectState(await h.ca.placeOrder(account, request([`*.${name}`], { method: 'file' })), 'pending')
        expect(order.challenges).toHaveLength(1)
        expect(order.challenges[0]).toMatchObject({ identifier: name, wildcard: true, method: 'dns' })
      })

      test('placing twice with one reference gives one order', async () => {
        const wanted = request([h.freshName()])
        const first = await h.ca.placeOrder(account, wanted)
        const second = await h.ca.placeOrder(account, { ...wanted, mayExist: true })
        expect(second.ref).toBe(first.ref)
      })

      test('another reference for the same names is another order, even when it may exist', async () => {
        const name = h.freshName()
        const first = await issue([name])
        await sleep(1100) // CAs date their orders in whole seconds
        const second = await h.ca.placeOrder(account, request([name], { mayExist: true, firstAttemptAt: h.now() }))
        expect(second.ref).not.toBe(first.ref)
      })

      test('reading an order changes nothing', async () => {
        const placed = await h.ca.placeOrder(account, request([h.freshName()]))
        const first = await h.ca.readOrder(account, { ref: placed.ref, method: 'dns' })
        const second = await h.ca.readOrder(account, { ref: placed.ref, method: 'dns' })
        expect(withoutWait(first)).toEqual(withoutWait(placed))
        expect(withoutWait(second)).toEqual(withoutWait(first))
      })

      test('a name that the CA does not certify is refused', async ({ skip }) => {
        const { refusedName } = h
        if (refusedName === null) return skip('this CA refuses no name before it looks for proof')
        const outcome = await settle(() => h.ca.placeOrder(account, request([refusedName])))
        expect(refusalCode(outcome)).toBe('caRejected')
      })

      test('one refused name refuses the order', async ({ skip }) => {
        const { refusedName } = h
        if (refusedName === null) return skip('this CA refuses no name before it looks for proof')
        const outcome = await settle(() => h.ca.placeOrder(account, request([h.freshName(), refusedName])))
        expect(refusalCode(outcome)).toBe('caRejected')
      })
    })

    describe('validation', () => {
      test('an order is not ready before its proofs are, and becomes ready by dns', async () => {
        const placed = await h.ca.placeOrder(account, request([h.freshName(), h.freshName()]))
        expect(placed.state).toBe('pending')
        expect((await prove(h, account, placed, 'dns')).state).toBe('ready')
      })

      test('an order becomes ready by file, each name by itself', async () => {
        const wanted = request([h.freshName(), h.freshName()], { method: 'file' })
        const placed = expectState(await h.ca.placeOrder(account, wanted), 'pending')
        const [first] = placed.challenges
        await answer(h, account, first!)
        const half = await poll(h, account, placed, 'file', (order) => challengeOf(order, first!.ref)?.state === 'valid')
        expect(half.state).toBe('pending')
        expect((await prove(h, account, half, 'file')).state).toBe('ready')
      })

      test('answering a challenge that is processing or valid is fine', async () => {
        const placed = expectState(await h.ca.placeOrder(account, request([h.freshName()])), 'pending')
        const [challenge] = placed.challenges
        await h.publish(challenge!)
        await h.ca.answerChallenge(account, challenge!.ref)
        await h.ca.answerChallenge(account, challenge!.ref)
        const ready = await poll(h, account, placed, 'dns', (order) => order.state !== 'pending')
        await h.ca.answerChallenge(account, challenge!.ref)
        expect(ready.state).toBe('ready')
        expect((await h.ca.readOrder(account, { ref: placed.ref, method: 'dns' })).state).toBe('ready')
        await h.unpublish(challenge!)
      })

      test.each(['file', 'dns'] as const)('a missing proof (%s) is reported and never makes the order ready', async (method) => {
        const placed = expectState(await h.ca.placeOrder(account, request([h.freshName()], { method })), 'pending')
        const [challenge] = placed.challenges
        await h.ca.answerChallenge(account, challenge!.ref)
        const judged = await poll(h, account, placed, method, (order) => hasVerdict(order, challenge!.ref))
        expect(judged.state).not.toBe('ready')
        expectFailedProof(judged, challenge!, h.failedProofMayBeRepeated(method, 'missing'))
      })

      test.each(['file', 'dns'] as const)('a wrong proof (%s) is reported and never makes the order ready', async (method) => {
        const placed = expectState(await h.ca.placeOrder(account, request([h.freshName()], { method })), 'pending')
        const [challenge] = placed.challenges
        const wrong = { ...challenge!, content: `${challenge!.content.slice(1)}x` }
        await h.publish(wrong)
        await h.ca.answerChallenge(account, challenge!.ref)
        const judged = await poll(h, account, placed, method, (order) => hasVerdict(order, challenge!.ref))
        expect(judged.state).not.toBe('ready')
        expectFailedProof(judged, challenge!, h.failedProofMayBeRepeated(method, 'wrong'))
        await h.unpublish(wrong)
      })

      test('a failed proof that may be repeated succeeds once it is put right', async ({ skip }) => {
        if (!h.failedProofMayBeRepeated('dns', 'missing')) return skip('this CA refuses an order whose proof failed')
        const placed = expectState(await h.ca.placeOrder(account, request([h.freshName()])), 'pending')
        await h.ca.answerChallenge(account, placed.challenges[0]!.ref)
        const again = await poll(h, account, placed, 'dns', (order) => hasVerdict(order, placed.challenges[0]!.ref))
        expect((await prove(h, account, again, 'dns')).state).toBe('ready')
      })
    })

    describe('issuance', () => {
      test.each(['file', 'dns'] as const)(
        'a certificate is issued after validation by %s, for exactly the names and the key',
        async (method) => {
          const names = [h.freshName(), h.freshName()]
          const { chainPem, key } = await issue(names, method)
          const leaf = certificatesOf(chainPem)[0]!
          expect(dnsNamesOf(leaf)).toEqual(names.toSorted())
          expect(leaf.publicKey.export({ type: 'spki', format: 'der' })).toEqual(spkiOf(key))
        },
      )

      test('a wildcard and its base are issued together', async () => {
        const name = h.freshName()
        const { chainPem } = await issue([name, `*.${name}`])
        expect(dnsNamesOf(certificatesOf(chainPem)[0]!)).toEqual([name, `*.${name}`].toSorted())
      })

      test('the chain is leaf first, each signed by the next, and ends under a root of the CA', async () => {
        const { chainPem } = await issue([h.freshName()])
        const chain = certificatesOf(chainPem)
        const roots = (await h.rootsPem()).map((pem) => new X509Certificate(pem))
        chain.slice(1).forEach((issuer, index) => expectIssued(issuer, chain[index]!))
        const last = chain.at(-1)!
        expect(roots.some((root) => last.checkIssued(root) && last.verify(root.publicKey))).toBe(true)
        expect(chain.some((certificate) => certificate.subject === certificate.issuer)).toBe(false)
      })

      test('notAfter is what was asked where the CA honours it, and the validity has begun', async () => {
        const { chainPem, wanted } = await issue([h.freshName()])
        const leaf = certificatesOf(chainPem)[0]!
        expect(Date.parse(leaf.validFrom)).toBeLessThanOrEqual(h.now())
        expect(Date.parse(leaf.validTo)).toBeGreaterThan(h.now())
        if (h.ca.capabilities.honoursNotAfter) expect(Date.parse(leaf.validTo)).toBe(wanted.notAfter)
      })

      test('finalizing an issued order reads it and issues nothing new, even with another key', async () => {
        const { ref, chainPem, names } = await issue([h.freshName()])
        const again = await h.ca.finalizeOrder(account, { ref, method: 'dns', csrDer: await csrFor(names, await generateKey()) })
        expect(again).toEqual({ state: 'issued', ref, chainPem })
        expect(await h.ca.readOrder(account, { ref, method: 'dns' })).toEqual({ state: 'issued', ref, chainPem })
      })

      test('finalizing twice while the CA works gives one certificate', async () => {
        const name = h.freshName()
        const ready = await prove(h, account, await h.ca.placeOrder(account, request([name])), 'dns')
        const csrDer = await csrFor([name], await generateKey())
        const finalize = () => h.ca.finalizeOrder(account, { ref: ready.ref, method: 'dns', csrDer })
        await finalize()
        await finalize()
        const issued = expectState(await poll(h, account, ready, 'dns', (order) => order.state === 'issued'), 'issued')
        expect(await finalize()).toEqual(issued)
      })

      test.each([
        ['another name', (name: string) => [`other-${name}`]],
        ['a name more', (name: string) => [name, `www.${name}`]],
        ['a wildcard instead', (name: string) => [`*.${name}`]],
      ])('a CSR with %s is refused', async (_what, change) => {
        const name = h.freshName()
        const ready = await prove(h, account, await h.ca.placeOrder(account, request([name])), 'dns')
        const csrDer = await csrFor(change(name), await generateKey())
        const outcome = await settle(() => h.ca.finalizeOrder(account, { ref: ready.ref, method: 'dns', csrDer }))
        expect(['caRejected', 'badCsr']).toContain(refusalCode(outcome))
        const after = await h.ca.readOrder(account, { ref: ready.ref, method: 'dns' })
        expect(after.state).not.toBe('issued')
      })

      test('an order that is not proved cannot be finalized', async () => {
        const name = h.freshName()
        const placed = await h.ca.placeOrder(account, request([name]))
        const csrDer = await csrFor([name], await generateKey())
        const outcome = await settle(() => h.ca.finalizeOrder(account, { ref: placed.ref, method: 'dns', csrDer }))
        if (!(outcome instanceof AppError)) expect(outcome.state).toBe('pending')
        expect((await h.ca.readOrder(account, { ref: placed.ref, method: 'dns' })).state).toBe('pending')
      })
    })

    describe('revocation', () => {
      test('revoking twice is fine', async () => {
        const { chainPem } = await issue([h.freshName()])
        const der = certificatesOf(chainPem)[0]!.raw
        if (h.isRevoked) expect(await h.isRevoked(der)).toBe(false)
        await h.ca.revoke(account, { der, reason: 'superseded' })
        await expect(h.ca.revoke(account, { der, reason: 'superseded' })).resolves.toBeUndefined()
        if (h.isRevoked) expect(await h.isRevoked(der)).toBe(true)
      })
    })

    describe('failures', () => {
      test('an outage is upstreamUnavailable', async ({ skip }) => {
        if (!h.outage) return skip('a CA inside the process is never out alone')
        const ca = await h.outage()
        const outcome = await settle(() => ca.placeOrder(account, request([h.freshName()])))
        expect(outcome).toMatchObject({ code: 'upstreamUnavailable' })
      })

      test('a limit is caRateLimited with the seconds to wait', async ({ skip }) => {
        if (!h.rateLimited) return skip('this CA has no limits')
        const ca = await h.rateLimited()
        const outcome = await settle(() => ca.placeOrder(account, request([h.freshName()])))
        expect(outcome).toMatchObject({ code: 'caRateLimited', retryAfterSeconds: expect.any(Number) })
      })
    })

    test('the capabilities name what the suite has just used', () => {
      expect([...h.ca.capabilities.methods].toSorted()).toEqual(['dns', 'file'])
      expect(h.ca.capabilities.fileValidationPorts.http).toBeGreaterThan(0)
    })
  })
}

interface Issued {
  readonly ref: string
  readonly chainPem: string
  readonly names: readonly string[]
  readonly key: PrivateKey
  readonly wanted: CaOrderRequest
}

async function issueCertificate(h: CaHarness, account: CaAccount, wanted: CaOrderRequest): Promise<Issued> {
  const ready = await prove(h, account, await h.ca.placeOrder(account, wanted), wanted.method)
  expect(ready).toMatchObject({ state: 'ready' })
  const key = await generateKey()
  const csrDer = await csrFor(wanted.identifiers, key)
  const finalized = await h.ca.finalizeOrder(account, { ref: ready.ref, method: wanted.method, csrDer })
  expectSoundRetryAfter(finalized)
  const issued =
    finalized.state === 'issued'
      ? finalized
      : expectState(await poll(h, account, ready, wanted.method, (order) => order.state !== 'processing'), 'issued')
  return { ref: issued.ref, chainPem: issued.chainPem, names: wanted.identifiers, key, wanted }
}

/** Puts every open proof in place, answers, and waits for the verdict. */
async function prove(h: CaHarness, account: CaAccount, order: CaOrder, method: ValidationMethod): Promise<CaOrder> {
  if (order.state !== 'pending') return order
  const open = order.challenges.filter((challenge) => challenge.state === 'pending')
  for (const challenge of open) await answer(h, account, challenge)
  const judged = await poll(h, account, order, method, (now) => now.state !== 'pending')
  for (const challenge of open) await h.unpublish(challenge)
  return judged
}

async function answer(h: CaHarness, account: CaAccount, challenge: CaChallenge): Promise<void> {
  await h.publish(challenge)
  await h.ca.answerChallenge(account, challenge.ref)
}

async function poll(
  h: CaHarness,
  account: CaAccount,
  order: CaOrder,
  method: ValidationMethod,
  until: (order: CaOrder) => boolean,
): Promise<CaOrder> {
  let last = order
  for (let turn = 0; turn < POLLS; turn++) {
    last = await h.ca.readOrder(account, { ref: order.ref, method })
    expectSoundRetryAfter(last)
    if (until(last)) return last
    const asked = 'retryAfterSeconds' in last ? (last.retryAfterSeconds ?? 0) * 1000 : 0
    await sleep(Math.min(LONGEST_WAIT_MS, Math.max(asked, 50 * (turn + 1))))
  }
  throw new Error(`the order did not come to what the test waits for: ${JSON.stringify(last)}`)
}

function inThirtyDays(h: CaHarness): number {
  return Math.floor((h.now() + THIRTY_DAYS_MS) / 1000) * 1000
}

function challengeOf(order: CaOrder, ref: string): CaChallenge | undefined {
  return order.state === 'pending' ? order.challenges.find((challenge) => challenge.ref === ref) : undefined
}

function hasVerdict(order: CaOrder, challengeRef: string): boolean {
  const challenge = challengeOf(order, challengeRef)
  return challenge === undefined || challenge.state === 'invalid' || challenge.problem !== null
}

function expectFailedProof(order: CaOrder, challenge: CaChallenge, mayBeRepeated: boolean): void {
  if (order.state === 'refused') {
    expect(mayBeRepeated).toBe(false)
    expect(order.code).toBe('validationFailed')
    expect(order.detail).toContain(challenge.identifier)
    return
  }
  const judged = challengeOf(order, challenge.ref)
  expect(judged?.state).toBe(mayBeRepeated ? 'pending' : 'invalid')
  expect(judged?.problem).toEqual(expect.stringMatching(/\S/))
}

function expectSoundChallenge(challenge: CaChallenge, method: ValidationMethod): void {
  expect(challenge).toMatchObject({ method, state: 'pending', problem: null })
  expect(challenge.content.length).toBeGreaterThanOrEqual(22) // 128 bits in base64url
  expect(challenge.identifier).not.toContain('*')
  if (method === 'file') expect(challenge.location).toMatch(/^\/\.well-known\/\S+$/)
  else {
    expect(challenge.location.endsWith(`.${challenge.identifier}`)).toBe(true)
    expect(challenge.location.endsWith('.')).toBe(false)
  }
}

function expectSoundRetryAfter(order: CaOrder): void {
  if (!('retryAfterSeconds' in order) || order.retryAfterSeconds === null) return
  expect(Number.isInteger(order.retryAfterSeconds)).toBe(true)
  expect(order.retryAfterSeconds).toBeGreaterThan(0)
}

function expectState<State extends CaOrder['state']>(order: CaOrder, state: State): Extract<CaOrder, { state: State }> {
  expect(order).toMatchObject({ state })
  return order as Extract<CaOrder, { state: State }>
}

function expectIssued(issuer: X509Certificate, subject: X509Certificate): void {
  expect(subject.checkIssued(issuer)).toBe(true)
  expect(subject.verify(issuer.publicKey)).toBe(true)
}

/** Retry-After may shrink between two reads; everything else must stay. */
function withoutWait(order: CaOrder): object {
  return { ...order, retryAfterSeconds: null }
}

/** What came of it: the order, or the AppError; any other error is a failure of the adapter. */
async function settle(act: () => Promise<CaOrder>): Promise<CaOrder | AppError> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

function refusalCode(outcome: CaOrder | AppError): string {
  if (outcome instanceof AppError) return outcome.code
  return outcome.state === 'refused' ? outcome.code : `not refused but ${outcome.state}`
}

function certificatesOf(chainPem: string): X509Certificate[] {
  const blocks = chainPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map((pem) => new X509Certificate(pem))
}

function dnsNamesOf(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? '')
    .split(', ')
    .map((entry) => entry.replace(/^DNS:/, ''))
    .toSorted()
}

function spkiOf(key: PrivateKey): Buffer {
  return createPublicKey(key.keyObject).export({ type: 'spki', format: 'der' })
}

/** @returns DER of a CSR for the names, the first as common name. */
function csrFor(names: readonly string[], key: PrivateKey): Promise<Uint8Array> {
  return createCsr({ key, names, commonName: names[0] ?? null })
}
