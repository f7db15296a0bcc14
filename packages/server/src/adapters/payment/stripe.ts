/**
 * Stripe Checkout: a page at Stripe where the payer chooses how to pay. By the official SDK, over the guarded way out.
 *
 * @module
 */
import type Stripe from 'stripe'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { minorDigits } from '@evercert/contract'
import type { Money } from '../../domain/payment/money.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import { paymentAdapter, type PaymentCallback, type PaymentReport, type PaymentRequest } from '../../ports/payment.ts'
import { destination, secret } from '../kit/secret.ts'

const stripeConfig = z.object({
  secretKey: secret('Secret or restricted key with write access to Checkout Sessions').regex(
    /^(sk|rk)_(test|live)_[A-Za-z0-9]{8,255}$/,
    'must look like sk_live_…',
  ),
  webhookSecret: secret('Signing secret of the webhook endpoint').regex(/^whsec_[A-Za-z0-9]{8,255}$/, 'must look like whsec_…'),
  returnUrl: z.url({ protocol: /^https?$/ }).meta({ description: 'Where the payer comes back to, paid or not' }),
  apiBase: destination(
    z
      .url({ protocol: /^https?$/ })
      .default('https://api.stripe.com')
      .meta({ description: 'Another server of the API, for tests' }),
  ),
})
type StripeConfig = z.infer<typeof stripeConfig>

const LIFE_MS = 2 * 3_600_000
const TIMEOUT_MS = 20_000
/** How old a signed callback may be. Repetitions by Stripe are signed anew. */
const TOLERANCE_SECONDS = 300

export const stripe = paymentAdapter<StripeConfig>({
  kind: 'payment',
  id: 'stripe',
  title: 'Stripe Checkout',
  apiDocs: 'https://docs.stripe.com/api/checkout/sessions',
  config: stripeConfig,
  lifeMs: () => LIFE_MS,
  recordedByOperator: false,
  acknowledgement: 'ok',
  create: (config, kit) => ({
    start: async (request) => {
      const amount = toStripeAmount(request.amount)
      const client = await connect(config, kit)
      const params = toSession(config, request, amount)
      const session = await orAppError(() => client.checkout.sessions.create(params, { idempotencyKey: request.reference }))
      if (session.url === null) throw new AppError('upstreamUnavailable', `${WHAT}: the session has no address: pay once more`)
      return { externalId: session.id, place: { kind: 'redirect', url: session.url } }
    },
    read: async ({ externalId }) => {
      const client = await connect(config, kit)
      return toReport(await orAppError(() => client.checkout.sessions.retrieve(externalId)))
    },
    end: async ({ externalId }) => {
      const client = await connect(config, kit)
      const session = await orAppError(() => client.checkout.sessions.retrieve(externalId))
      if (session.status !== 'open') return toReport(session)
      return toReport(await orAppError(() => client.checkout.sessions.expire(externalId)))
    },
    readCallback: (callback) => readCallback(config, kit, callback),
  }),
})

const WHAT = 'Asking Stripe'

/** Loaded when it is first needed: most installations need none. */
async function connect({ secretKey, apiBase }: StripeConfig, kit: AdapterKit): Promise<Stripe> {
  const { default: Client } = await import('stripe')
  const { hostname, port, protocol } = new URL(apiBase)
  return new Client(secretKey, {
    httpClient: Client.createFetchHttpClient(fetchThrough(kit)),
    host: hostname,
    protocol: protocol === 'http:' ? 'http' : 'https',
    ...(port !== '' && { port }),
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
  })
}

/** What the SDK takes for `fetch`; only addresses that the operator allows are reached. */
function fetchThrough(kit: AdapterKit): typeof fetch {
  return async (input, init) => {
    const method = init?.method === 'POST' ? 'POST' : 'GET'
    const response = await kit.fetch(input instanceof Request ? input.url : String(input), {
      method,
      headers: Object.fromEntries(new Headers(init?.headers).entries()),
      ...(typeof init?.body === 'string' && method === 'POST' && { body: init.body }),
      ...(init?.signal && { signal: init.signal }),
      timeoutMs: TIMEOUT_MS,
    })
    return new Response(Buffer.from(response.body), { status: response.status, headers: response.headers })
  }
}

/** Whole at Stripe. ISK and UGX are whole too, and written there as if they had two decimals. */
const WHOLE = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '))
const IN_THOUSANDTHS = new Set('BHD JOD KWD OMR TND'.split(' '))

/** The decimals in which Stripe reads a number: where ours are others, 4,900 of a price would be charged as 49.00. */
function digitsAtStripe(currency: string): number {
  if (WHOLE.has(currency)) return 0
  return IN_THOUSANDTHS.has(currency) ? 3 : 2
}

function toStripeAmount({ amountMinor, currency }: Money): number {
  const digits = digitsAtStripe(currency)
  const fits = digits === minorDigits(currency) && (digits < 3 || amountMinor % 10 === 0)
  if (fits && amountMinor > 0) return amountMinor
  throw new AppError(
    'invalid',
    `Paying by Stripe: it does not take ${amountMinor} minor units of ${currency}: pay in another way.`,
  )
}

function toSession(
  { returnUrl }: StripeConfig,
  { reference, title, amount, expiresAt }: PaymentRequest,
  unitAmount: number,
): Stripe.Checkout.SessionCreateParams {
  const back = new URL(returnUrl)
  back.searchParams.set('payment', reference)
  return {
    mode: 'payment',
    client_reference_id: reference,
    metadata: { evercert_payment: reference },
    payment_intent_data: { metadata: { evercert_payment: reference } },
    line_items: [
      {
        quantity: 1,
        price_data: { currency: amount.currency.toLowerCase(), unit_amount: unitAmount, product_data: { name: title } },
      },
    ],
    success_url: back.href,
    cancel_url: back.href,
    expires_at: Math.floor(expiresAt / 1000),
  }
}

function toReport(session: Stripe.Checkout.Session, hasFailed = false): PaymentReport {
  const { id, amount_total: total, currency } = session
  const handle = { reference: session.client_reference_id ?? '', externalId: id }
  if (session.payment_status === 'paid' && total !== null && currency !== null) {
    const amount = { amountMinor: total, currency: currency.toUpperCase() }
    return { ...handle, state: 'paid', receipt: { reference: id, amount } }
  }
  const ended = session.status === 'expired' ? 'cancelled' : 'pending'
  return { ...handle, state: hasFailed ? 'failed' : ended, receipt: null }
}

const SESSION_EVENTS = new Set<string>([
  'checkout.session.completed',
  'checkout.session.async_payment_succeeded',
  'checkout.session.async_payment_failed',
  'checkout.session.expired',
])

async function readCallback(config: StripeConfig, kit: AdapterKit, callback: PaymentCallback): Promise<PaymentReport | null> {
  const client = await connect(config, kit)
  const event = await client.webhooks
    .constructEventAsync(
      Buffer.from(callback.body),
      callback.headers['stripe-signature'] ?? '',
      config.webhookSecret,
      TOLERANCE_SECONDS,
      undefined,
      kit.now(),
    )
    .catch(() => {
      throw new AppError('callbackForged', 'Reading a callback of Stripe: its signature is not valid now: check webhookSecret.')
    })
  if (!SESSION_EVENTS.has(event.type)) return null
  const session = event.data.object as Stripe.Checkout.Session
  // Other programs may sell through the same account at Stripe.
  if (session.metadata?.['evercert_payment'] === undefined) return null
  return toReport(session, event.type === 'checkout.session.async_payment_failed')
}

/** The SDK's errors as the port names them. Their messages may repeat a key, so they are left out. */
async function orAppError<Value>(ask: () => Promise<Value>): Promise<Value> {
  const { default: Client } = await import('stripe')
  try {
    return await ask()
  } catch (error) {
    for (let at = error; at instanceof Error; at = at.cause ?? detailOf(at)) if (at instanceof AppError) throw at
    if (!(error instanceof Client.errors.StripeError))
      throw new AppError('upstreamUnavailable', `${WHAT}: no answer: it is tried again later`)
    throw fromStatus(error.statusCode ?? 0, error.code ?? error.type)
  }
}

/** Where the SDK keeps what a connection failed with. */
function detailOf(error: Error): unknown {
  return 'detail' in error ? error.detail : null
}

function fromStatus(status: number, said: string): AppError {
  const what = `${WHAT}: it answers ${status} (${said})`
  if (status === 401 || status === 403) return new AppError('credentialsRejected', `${what}: correct secretKey`)
  if (status === 429) return new AppError('rateLimited', `${what}: it is tried again later`)
  if (status === 0 || status >= 500 || status === 409)
    return new AppError('upstreamUnavailable', `${what}: it is tried again later`)
  return new AppError('misconfigured', `${what}: correct the settings of the connection`)
}
