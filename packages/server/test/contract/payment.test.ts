/**
 * The payment adapters, each against a fixture that verifies what the real one verifies. None was tried on a live account.
 */
import { expect, test } from 'vitest'
import { alipay } from '../../src/adapters/payment/alipay.ts'
import { offlineInvoice } from '../../src/adapters/payment/offline-invoice.ts'
import { stripe } from '../../src/adapters/payment/stripe.ts'
import { minorDigits } from '@evercert/contract'
import type { AdapterKit } from '../../src/ports/kit.ts'
import type { StartedPayment } from '../../src/ports/payment.ts'
import { ALIPAY_APP_ID, startAlipayFixture } from '../support/alipay-fixture.ts'
import { signStripeEvent, startStripeFixture, STRIPE_KEY, STRIPE_WEBHOOK_SECRET } from '../support/stripe-fixture.ts'
import { createNotifyKits } from './notify-kit.ts'
import { aRequest, paymentContract } from './payment-contract.ts'

const NOWHERE = 'http://127.0.0.1:9'
const yuan = (amountMinor: number) => ({ amountMinor, currency: 'CNY' })

paymentContract('offlineInvoice', () => {
  const provider = offlineInvoice.create(offlineInvoice.config.parse({ instructions: 'Bank 1' }), {} as AdapterKit)
  return Promise.resolve({
    provider,
    amount: yuan(10_000),
    refusedAmounts: [],
    online: null,
    secrets: [],
    close: () => Promise.resolve(),
  })
})

paymentContract('stripe', async () => {
  const fixture = await startStripeFixture()
  const kits = createNotifyKits()
  const { kit, strict } = kits
  const create = (wish: object = {}, by = kit) =>
    stripe.create(
      stripe.config.parse({
        secretKey: STRIPE_KEY,
        webhookSecret: STRIPE_WEBHOOK_SECRET,
        returnUrl: 'https://shop.example/back',
        apiBase: fixture.url,
        ...wish,
      }),
      by,
    )
  const refusing = (status: number, code: 'rateLimited' | 'upstreamUnavailable' | 'misconfigured') => () => {
    const provider = create()
    const read: typeof provider.read = async (...args) => {
      fixture.answerWith({ status, headers: { 'content-type': 'application/json' }, body: '{"error":{"type":"api_error"}}' })
      try {
        return await provider.read(...args)
      } finally {
        fixture.answerWith(undefined)
      }
    }
    return { provider: { ...provider, read }, code }
  }
  return {
    provider: create(),
    amount: { amountMinor: 12_345, currency: 'EUR' },
    refusedAmounts: [
      { amountMinor: 0, currency: 'EUR' },
      { amountMinor: 1001, currency: 'KWD' },
      { amountMinor: 100, currency: 'ISK' },
    ],
    secrets: [STRIPE_KEY, STRIPE_WEBHOOK_SECRET],
    online: {
      pay: ({ externalId }, amount) => fixture.pay(externalId, amount),
      callbackOf: ({ externalId }) => fixture.callbackOf(externalId),
      forgedCallbackOf: ({ externalId }) => fixture.callbackOf(externalId, { secret: 'whsec_somebodyelse' }),
      alteredCallbackOf: ({ externalId }) => {
        const { headers, body } = fixture.callbackOf(externalId)
        return { headers, body: Buffer.from(Buffer.from(body).toString().replace('12345', '12346')) }
      },
      foreignCallback: () =>
        signStripeEvent({
          id: 'evt_1',
          object: 'event',
          type: 'checkout.session.completed',
          data: { object: { id: 'cs_1', metadata: {} } },
        }),
      count: (reference) =>
        [...fixture.sessions.values()].filter(({ form }) => form.get('client_reference_id') === reference).length,
      withWrongCredential: () => create({ secretKey: 'sk_test_00000000000000' }),
      withOutage: () => create({ apiBase: NOWHERE }),
      withForbiddenAddress: () => create({}, strict),
      refusals: {
        'too many': refusing(429, 'rateLimited'),
        'an error of its own': refusing(500, 'upstreamUnavailable'),
        'a wrong request': refusing(400, 'misconfigured'),
      },
    },
    close: async () => {
      await fixture.close()
      await kits.close()
    },
  }
})

test('stripe: a callback that is ten minutes old is a repetition by somebody else; a currency counted otherwise there is not taken', async () => {
  const fixture = await startStripeFixture()
  const kits = createNotifyKits()
  const { kit } = kits
  try {
    const provider = stripe.create(
      stripe.config.parse({
        secretKey: STRIPE_KEY,
        webhookSecret: STRIPE_WEBHOOK_SECRET,
        returnUrl: 'https://shop.example/back',
        apiBase: fixture.url,
      }),
      kit,
    )
    const { externalId } = await provider.start(aRequest({ amountMinor: 100, currency: 'USD' }))
    const old = fixture.callbackOf(externalId, { at: Date.now() - 600_000 })
    await expect(provider.readCallback(old)).rejects.toMatchObject({ code: 'callbackForged' })
    // Stripe counts some otherwise than ISO 4217: 4,900 would be charged as 49.00, or the other way round.
    for (const [currency, digits] of [
      ['HUF', 2],
      ['IDR', 2],
      ['UGX', 2],
      ['MGA', 0],
      ['JPY', 0],
      ['EUR', 2],
    ] as const) {
      const isTaken = await provider.start(aRequest({ amountMinor: 490_000, currency })).then(
        () => true,
        () => false,
      )
      expect([currency, isTaken]).toEqual([currency, minorDigits(currency) === digits])
    }
  } finally {
    await fixture.close()
    await kits.close()
  }
})

paymentContract('alipay', async () => {
  const fixture = await startAlipayFixture()
  const other = await startAlipayFixture()
  const kits = createNotifyKits()
  const { kit, strict } = kits
  const create = (wish: object = {}, by = kit) =>
    alipay.create(
      alipay.config.parse({
        appId: ALIPAY_APP_ID,
        privateKey: fixture.appPrivateKey,
        alipayPublicKey: fixture.alipayPublicKey,
        returnUrl: 'https://shop.example/back',
        gateway: fixture.gateway,
        ...wish,
      }),
      by,
    )
  const pageOf = ({ place }: StartedPayment): string => (place.kind === 'redirect' ? place.url : '')
  const referenceOf = ({ externalId }: StartedPayment): string => externalId
  return {
    provider: create(),
    amount: yuan(12_345),
    refusedAmounts: [yuan(0), { amountMinor: 100, currency: 'USD' }, yuan(100_000_000_01)],
    secrets: [fixture.appPrivateKey.split('\n')[1] ?? ''],
    online: {
      pay: (started, amount) =>
        fixture.pay(pageOf(started), amount === undefined ? undefined : (amount.amountMinor / 100).toFixed(2)),
      callbackOf: (started) => fixture.callbackOf(referenceOf(started)),
      forgedCallbackOf: (started) => fixture.callbackOf(referenceOf(started), { sign: 'other' }),
      alteredCallbackOf: (started) => {
        const { headers, body } = fixture.callbackOf(referenceOf(started))
        return { headers, body: Buffer.from(Buffer.from(body).toString().replace('123.45', '123.46')) }
      },
      foreignCallback: () => null,
      count: (reference) => (fixture.trades.has(reference) ? 1 : 0),
      withWrongCredential: () => create({ privateKey: other.appPrivateKey }),
      withOutage: () => create({ gateway: NOWHERE }),
      withForbiddenAddress: () => create({}, strict),
      refusals: {
        'an answer that another signed': () => ({
          provider: create({ alipayPublicKey: other.alipayPublicKey }),
          code: 'upstreamUnavailable',
        }),
      },
    },
    close: async () => {
      await Promise.all([fixture.close(), other.close()])
      await kits.close()
    },
  }
})
