/**
 * What every payment adapter promises: the docstring of `ports/payment.ts`, sentence by sentence. The other side checks signatures, and answers
 * as the real one does.
 *
 * @module
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProblemCode } from '@evercert/contract'
import { AppError } from '../../src/domain/errors.ts'
import type { Money } from '../../src/domain/payment/money.ts'
import type { PaymentCallback, PaymentProvider, PaymentRequest, StartedPayment } from '../../src/ports/payment.ts'

export interface PaymentHarness {
  readonly provider: PaymentProvider
  /** A price that it takes. */
  readonly amount: Money
  /** Prices that it refuses before it asks anybody. */
  readonly refusedAmounts: readonly Money[]
  /** Null where nothing comes in by itself. */
  readonly online: OnlineHarness | null
  readonly secrets: readonly string[]
  close(): Promise<void>
}

export interface OnlineHarness {
  /** The payer pays what the page asks for, or something else. */
  pay(started: StartedPayment, amount?: Money): void
  /** What the provider sends of it now. */
  callbackOf(started: StartedPayment): PaymentCallback
  /** The same, signed by somebody else. */
  forgedCallbackOf(started: StartedPayment): PaymentCallback
  /** Signed by the provider, altered on its way. */
  alteredCallbackOf(started: StartedPayment): PaymentCallback
  /** Signed by the provider, about something that we did not sell; null where every callback is about a payment of ours. */
  foreignCallback(): PaymentCallback | null
  /** How many payments there are at the provider for a reference. */
  count(reference: string): number
  withWrongCredential(): PaymentProvider
  withOutage(): PaymentProvider
  withForbiddenAddress(): PaymentProvider
  /** The provider refuses, with the code that it must become. */
  readonly refusals: Readonly<Record<string, () => { readonly provider: PaymentProvider; readonly code: ProblemCode }>>
}

export function aRequest(amount: Money, wish: Partial<PaymentRequest> = {}): PaymentRequest {
  return {
    reference: `pay_${randomUUID().replaceAll('-', '').slice(0, 26)}`,
    title: 'Evercert ord_1 = a & b / c',
    amount,
    callbackUrl: 'https://evercert.example/callbacks/payments/here',
    expiresAt: Date.now() + 3_600_000,
    ...wish,
  }
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    (value) => new Error(`expected a refusal, not ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  if (error instanceof AppError) return error
  throw error
}

/** The sentences, run against one adapter. */
export function paymentContract(name: string, createHarness: () => Promise<PaymentHarness>): void {
  describe(`payment contract: ${name}`, () => {
    let h: PaymentHarness
    beforeAll(async () => {
      h = await createHarness()
    })
    afterAll(() => h.close())

    const expectNoSecretIn = (value: unknown) => {
      const texts = [JSON.stringify(value)]
      for (let at = value; at instanceof Error; at = at.cause) texts.push(`${at.message} ${at.stack ?? ''}`)
      for (const secret of h.secrets) for (const text of texts) expect(text).not.toContain(secret)
    }
    const start = async () => {
      const request = aRequest(h.amount)
      const started = await h.provider.start(request)
      return { request, started, handle: { reference: request.reference, externalId: started.externalId } }
    }
    const online = (): OnlineHarness => h.online as OnlineHarness

    test('starting gives a place to pay and a name of the provider; unpaid it is pending', async () => {
      const { started, handle } = await start()
      expect(started.externalId).not.toBe('')
      expectNoSecretIn(started)
      expect(await h.provider.read(handle)).toEqual({ ...handle, state: 'pending', receipt: null })
    })

    test('the same start twice is one payment', async () => {
      const { request, started } = await start()
      expect((await h.provider.start(request)).externalId).toBe(started.externalId)
      if (h.online !== null) expect(h.online.count(request.reference)).toBeLessThanOrEqual(1)
    })

    test('what it cannot take is refused before it is asked for', async () => {
      for (const amount of h.refusedAmounts) {
        expect(await failureOf(h.provider.start(aRequest(amount)))).toMatchObject({ code: 'invalid' })
      }
    })

    test('what was ended cannot be paid: it says so from then on', async () => {
      const { handle } = await start()
      expect(await h.provider.end(handle)).toEqual({ ...handle, state: 'cancelled', receipt: null })
    })

    test('what nobody signed is no callback', async () => {
      const body = Buffer.from('{"id":"evt_1"}')
      expect(await failureOf(h.provider.readCallback({ headers: {}, body }))).toMatchObject({ code: 'callbackForged' })
    })

    describe('online', () => {
      test('paid: callback and question say the same, with the same receipt, how often one asks', async (context) => {
        if (h.online === null) return context.skip()
        const { started, handle } = await start()
        h.online.pay(started)
        const expected = { ...handle, state: 'paid', receipt: { amount: h.amount } }
        const asked = await h.provider.read(handle)
        expect(asked).toMatchObject(expected)
        const callback = online().callbackOf(started)
        expect(await h.provider.readCallback(callback)).toEqual(asked)
        expect(await h.provider.readCallback(callback)).toEqual(asked)
        expect(await h.provider.end(handle)).toEqual(asked)
      })

      test('another amount is reported as it was received', async (context) => {
        if (h.online === null) return context.skip()
        const { started, handle } = await start()
        const less = { ...h.amount, amountMinor: h.amount.amountMinor - 1 }
        h.online.pay(started, less)
        expect((await h.provider.read(handle)).receipt?.amount).toEqual(less)
        expect((await h.provider.readCallback(online().callbackOf(started)))?.receipt?.amount).toEqual(less)
      })

      test('forged, altered: refused; about something else: nothing', async (context) => {
        if (h.online === null) return context.skip()
        const { started } = await start()
        h.online.pay(started)
        for (const callback of [online().forgedCallbackOf(started), online().alteredCallbackOf(started)]) {
          const error = await failureOf(h.provider.readCallback(callback))
          expect(error).toMatchObject({ code: 'callbackForged', retry: 'never' })
          expectNoSecretIn(error)
        }
        const foreign = h.online.foreignCallback()
        if (foreign !== null) expect(await h.provider.readCallback(foreign)).toBeNull()
      })

      test('each refusal of the other side has its code, and tells no secret', async (context) => {
        if (h.online === null) return context.skip()
        const { handle } = await start()
        const cases = {
          'wrong credential': { provider: h.online.withWrongCredential(), code: 'credentialsRejected' },
          outage: { provider: h.online.withOutage(), code: 'upstreamUnavailable' },
          'forbidden address': { provider: h.online.withForbiddenAddress(), code: 'addressForbidden' },
          ...Object.fromEntries(Object.entries(h.online.refusals).map(([what, refuse]) => [what, refuse()])),
        }
        const seen: Record<string, string> = {}
        for (const [what, { provider }] of Object.entries(cases)) {
          const error = await failureOf(provider.read(handle))
          expectNoSecretIn(error)
          seen[what] = error.code
        }
        expect(seen).toEqual(Object.fromEntries(Object.entries(cases).map(([what, { code }]) => [what, code])))
      })
    })
  })
}
