/**
 * Stripe's Checkout Sessions on this machine: it checks key, form and idempotency key, and signs its events as Stripe does (November 2026).
 *
 * @module
 */
import { createHmac, randomUUID } from 'node:crypto'
import { startHttpReceiver, type ReceivedRequest, type Reply } from '../../../../test/harness/http-receiver.ts'
import type { Money } from '../../src/domain/payment/money.ts'
import type { PaymentCallback } from '../../src/ports/payment.ts'

export const STRIPE_KEY = 'sk_test_4eC39HqLyjWDarjtT1zdp7dc'
export const STRIPE_WEBHOOK_SECRET = 'whsec_5f2b8c1d9e0a4b7c6d3e2f1a'

interface Session {
  readonly id: string
  readonly form: URLSearchParams
  status: 'open' | 'complete' | 'expired'
  paid: Money | null
}

export interface StripeFixture {
  readonly url: string
  readonly sessions: ReadonlyMap<string, Session>
  /** Answers everything from now on; undefined: as Stripe. */
  answerWith(reply: Reply | undefined): void
  pay(sessionId: string, amount?: Money): void
  callbackOf(
    sessionId: string,
    wish?: { readonly type?: string; readonly secret?: string; readonly at?: number },
  ): PaymentCallback
  close(): Promise<void>
}

export async function startStripeFixture(now: () => number = Date.now): Promise<StripeFixture> {
  const sessions = new Map<string, Session>()
  const keys = new Map<string, { readonly body: string; readonly id: string }>()
  let canned: Reply | undefined

  const toJson = (session: Session) => ({
    id: session.id,
    object: 'checkout.session',
    client_reference_id: session.form.get('client_reference_id'),
    metadata: { evercert_payment: session.form.get('metadata[evercert_payment]') },
    amount_total: session.paid?.amountMinor ?? Number(session.form.get('line_items[0][price_data][unit_amount]')),
    currency: session.paid?.currency.toLowerCase() ?? session.form.get('line_items[0][price_data][currency]'),
    payment_status: session.paid === null ? 'unpaid' : 'paid',
    status: session.status,
    url: session.status === 'open' ? `https://checkout.stripe.com/c/pay/${session.id}` : null,
  })
  const json = (value: unknown, status = 200): Reply => ({
    status,
    headers: { 'content-type': 'application/json', 'request-id': 'req_1' },
    body: JSON.stringify(value),
  })
  const refuse = (status: number, type: string, code?: string): Reply =>
    json({ error: { type, code, message: `refused: ${code ?? type}` } }, status)

  const create = (request: ReceivedRequest): Reply => {
    const form = new URLSearchParams(request.body)
    const key = String(request.headers['idempotency-key'] ?? '')
    const known = keys.get(key)
    if (known !== undefined) {
      if (known.body !== request.body) return refuse(400, 'idempotency_error')
      return json(toJson(sessions.get(known.id) as Session))
    }
    const life = Number(form.get('expires_at')) - now() / 1000
    const isWhole =
      form.get('mode') === 'payment' &&
      /^https?:/.test(form.get('success_url') ?? '') &&
      /^[a-z]{3}$/.test(form.get('line_items[0][price_data][currency]') ?? '') &&
      Number(form.get('line_items[0][price_data][unit_amount]')) > 0 &&
      form.get('line_items[0][quantity]') === '1' &&
      (form.get('line_items[0][price_data][product_data][name]') ?? '') !== '' &&
      life >= 1800 &&
      life <= 86_400
    if (!isWhole) return refuse(400, 'invalid_request_error', 'parameter_missing')
    const id = `cs_test_${randomUUID().replaceAll('-', '')}`
    sessions.set(id, { id, form, status: 'open', paid: null })
    if (key !== '') keys.set(key, { body: request.body, id })
    return json(toJson(sessions.get(id) as Session))
  }

  const receiver = await startHttpReceiver((request) => {
    if (canned !== undefined) return canned
    if (request.headers.authorization !== `Bearer ${STRIPE_KEY}`) return refuse(401, 'invalid_request_error')
    const { pathname } = request.url
    if (request.method === 'POST' && pathname === '/v1/checkout/sessions') return create(request)
    const [, id, action] = /^\/v1\/checkout\/sessions\/(cs_test_\w+)(\/expire)?$/.exec(pathname) ?? []
    const session = sessions.get(id ?? '')
    if (session === undefined) return refuse(404, 'invalid_request_error', 'resource_missing')
    if (action !== undefined) {
      if (session.status !== 'open') return refuse(400, 'invalid_request_error')
      session.status = 'expired'
    }
    return json(toJson(session))
  })

  return {
    url: receiver.url,
    sessions,
    answerWith: (reply) => {
      canned = reply
    },
    pay: (sessionId, amount) => {
      const session = sessions.get(sessionId) as Session
      session.status = 'complete'
      session.paid = amount ?? {
        amountMinor: Number(session.form.get('line_items[0][price_data][unit_amount]')),
        currency: (session.form.get('line_items[0][price_data][currency]') ?? '').toUpperCase(),
      }
    },
    callbackOf: (sessionId, { type = 'checkout.session.completed', secret = STRIPE_WEBHOOK_SECRET, at = now() } = {}) => {
      const object = toJson(sessions.get(sessionId) as Session)
      return signStripeEvent({ id: `evt_${randomUUID()}`, object: 'event', type, data: { object } }, { secret, at })
    },
    close: () => receiver.close(),
  }
}

export function signStripeEvent(
  event: object,
  { secret = STRIPE_WEBHOOK_SECRET, at = Date.now() }: { readonly secret?: string; readonly at?: number } = {},
): PaymentCallback {
  const body = JSON.stringify(event)
  const t = Math.floor(at / 1000)
  const signature = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')
  return {
    headers: { 'stripe-signature': `t=${t},v1=${signature}`, 'content-type': 'application/json' },
    body: Buffer.from(body),
  }
}
