/**
 * Alipay (支付宝) page pay. Signatures are made and checked by the official SDK; requests go over the guarded way out, since the SDK's own
 * HTTP client cannot be replaced.
 *
 * @module
 */
import { Socket } from 'node:net'
import type { AlipaySdk } from 'alipay-sdk'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { Money } from '../../domain/payment/money.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import {
  paymentAdapter,
  type PaymentCallback,
  type PaymentHandle,
  type PaymentReport,
  type PaymentRequest,
} from '../../ports/payment.ts'
import { destination, secret } from '../kit/secret.ts'

const alipayConfig = z.object({
  appId: z.string().regex(/^\d{10,32}$/, 'must be the number of the application'),
  privateKey: secret('Private key of the application: PKCS#8 or PKCS#1, PEM or bare base64').min(100).max(8192),
  alipayPublicKey: z
    .string()
    .min(100)
    .max(4096)
    .meta({ description: "Alipay's public key (not the application's), PEM or bare base64" }),
  returnUrl: z.url({ protocol: /^https?$/ }).meta({ description: 'Where the payer comes back to' }),
  gateway: destination(
    z
      .url({ protocol: /^https?$/ })
      .default('https://openapi.alipay.com/gateway.do')
      .meta({ description: 'Another gateway: the sandbox, or a test server' }),
  ),
})
type AlipayConfig = z.infer<typeof alipayConfig>

const LIFE_MS = 2 * 3_600_000
const TIMEOUT_MS = 20_000
const CURRENCY = 'CNY'
/** 100,000,000.00: more is not taken. */
const MOST_MINOR = 100_000_000_00

export const alipay = paymentAdapter<AlipayConfig>({
  kind: 'payment',
  id: 'alipay',
  title: 'Alipay page pay',
  apiDocs: 'https://opendocs.alipay.com/open/59da99d0_alipay.trade.page.pay',
  config: alipayConfig,
  lifeMs: () => LIFE_MS,
  recordedByOperator: false,
  acknowledgement: 'success',
  create: (config, kit) => ({
    start: async (request) => {
      const total = toYuan(request.amount)
      const sdk = await connect(config)
      const url = sdk.pageExecute('alipay.trade.page.pay', 'GET', toPage(config, request, total))
      return { externalId: request.reference, place: { kind: 'redirect', url } }
    },
    read: async (payment, signal) => toReport(payment, await ask(config, kit, 'alipay.trade.query', payment, signal)),
    end: async (payment, signal) => {
      const before = toReport(payment, await ask(config, kit, 'alipay.trade.query', payment, signal))
      if (before.state !== 'pending') return before
      const closed = await ask(config, kit, 'alipay.trade.close', payment, signal)
      // One that nobody opened is not known there; its page closes by itself at time_expire.
      if (closed.code === DONE || closed.sub_code === NOT_THERE) return { ...before, state: 'cancelled' }
      return toReport(payment, await ask(config, kit, 'alipay.trade.query', payment, signal))
    },
    readCallback: (callback) => readCallback(config, callback),
  }),
})

const WHAT = 'Asking Alipay'

let loading: Promise<typeof import('alipay-sdk')> | null = null

/**
 * Loaded when it is first needed: most installations need none. Its HTTP client, which is not used here, replaces `destroy` of every socket of the
 * process by one that throws when an error ends two sockets: our own connections could then not be closed. So that is put back.
 */
function loadSdk(): Promise<typeof import('alipay-sdk')> {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back as it was
  const { destroy } = Socket.prototype
  loading ??= import('alipay-sdk').finally(() => {
    Socket.prototype.destroy = destroy
  })
  return loading
}

async function connect({ appId, privateKey, alipayPublicKey, gateway }: AlipayConfig): Promise<AlipaySdk> {
  const { AlipaySdk: Sdk } = await loadSdk()
  const bare = bareKey(privateKey)
  return new Sdk({
    appId,
    privateKey: bare,
    alipayPublicKey: bareKey(alipayPublicKey),
    gateway,
    camelcase: false,
    // An RSA private key in PKCS#8 begins with its algorithm, in PKCS#1 with its modulus.
    keyType: bare.slice(0, 40).includes('BgkqhkiG9w0BAQEFAASC') ? 'PKCS8' : 'PKCS1',
  })
}

function bareKey(text: string): string {
  return text.replaceAll(/-----[A-Z ]+-----|\s/g, '')
}

function toYuan({ amountMinor, currency }: Money): string {
  if (currency === CURRENCY && amountMinor > 0 && amountMinor <= MOST_MINOR) {
    return `${Math.floor(amountMinor / 100)}.${String(amountMinor % 100).padStart(2, '0')}`
  }
  throw new AppError(
    'invalid',
    `Paying by Alipay: it does not take ${amountMinor} minor units of ${currency}: pay in another way.`,
  )
}

const AMOUNT = /^(\d{1,9})(?:\.(\d{1,2}))?$/

function toMinor(yuan: string | undefined): number {
  const match = AMOUNT.exec(yuan ?? '')
  if (match === null) throw new AppError('upstreamUnavailable', `${WHAT}: the amount cannot be read: it is asked again later`)
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}

function toPage({ returnUrl }: AlipayConfig, { reference, title, callbackUrl, expiresAt }: PaymentRequest, total: string) {
  const back = new URL(returnUrl)
  back.searchParams.set('payment', reference)
  return {
    returnUrl: back.href,
    ...(callbackUrl !== null && { notifyUrl: callbackUrl }),
    bizContent: {
      out_trade_no: reference,
      product_code: 'FAST_INSTANT_TRADE_PAY',
      total_amount: total,
      // These characters are refused in a subject.
      subject: title.replaceAll(/[/=&]/g, ' ').slice(0, 256),
      time_expire: beijingTime(expiresAt),
    },
  }
}

/** `2026-11-24 23:05:00`: Alipay's times are those of Beijing. */
function beijingTime(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
}

const DONE = '10000'
const NOT_THERE = 'ACQ.TRADE_NOT_EXIST'

const tradeShape = z.object({
  code: z.string(),
  sub_code: z.string().optional(),
  out_trade_no: z.string().optional(),
  trade_no: z.string().optional(),
  trade_status: z.string().optional(),
  total_amount: z.string().optional(),
})
type Trade = z.infer<typeof tradeShape>

/** @throws AppError as the port names it; an answer that Alipay did not sign is none */
async function ask(
  config: AlipayConfig,
  kit: AdapterKit,
  method: 'alipay.trade.query' | 'alipay.trade.close',
  { reference }: PaymentHandle,
  signal?: AbortSignal,
): Promise<Trade> {
  const sdk = await connect(config)
  const response = await kit.fetch(config.gateway, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: sdk.sdkExecute(method, { bizContent: { out_trade_no: reference } }),
    timeoutMs: TIMEOUT_MS,
    ...(signal && { signal }),
  })
  if (response.status !== 200)
    throw new AppError('upstreamUnavailable', `${WHAT}: it answers ${response.status}: it is tried again later`)
  const trade = readAnswer(sdk, Buffer.from(response.body).toString('utf8'), `${method.replaceAll('.', '_')}_response`)
  refuse(trade)
  return trade
}

function readAnswer(sdk: AlipaySdk, text: string, key: string): Trade {
  try {
    const answer = JSON.parse(text) as Record<string, unknown>
    const sign = z.string().optional().parse(answer['sign'])
    const refusal = tradeShape.safeParse(answer['error_response'] ?? answer[key])
    // Refusals of the gateway itself, such as for an unknown application, come unsigned; they are believed in nothing but that.
    if (sign === undefined && refusal.success && refusal.data.code !== DONE)
      return { code: refusal.data.code, sub_code: 'unsigned' }
    sdk.checkResponseSign(text, key, sign ?? '', '')
    return tradeShape.parse(answer[key])
  } catch {
    throw new AppError('upstreamUnavailable', `${WHAT}: the answer is not one that Alipay signed: check alipayPublicKey`)
  }
}

const BUSY = new Set(['20000', '10003'])

function refuse({ code, sub_code: sub = '' }: Trade): void {
  if (code === DONE || sub === NOT_THERE || sub === 'ACQ.TRADE_STATUS_ERROR') return
  const said = `${WHAT}: it answers ${code} (${sub})`
  if (BUSY.has(code) || sub.endsWith('SYSTEM_ERROR'))
    throw new AppError('upstreamUnavailable', `${said}: it is tried again later`)
  if (code === '40001' || code === '40002' || code === '20001' || code === '40006')
    throw new AppError('credentialsRejected', `${said}: correct appId and privateKey`)
  throw new AppError('misconfigured', `${said}: correct the settings of the connection`)
}

function toReport({ reference }: PaymentHandle, trade: Trade): PaymentReport {
  const handle = { reference, externalId: reference }
  const { trade_status: status } = trade
  if (status === 'TRADE_SUCCESS' || status === 'TRADE_FINISHED') {
    const amount = { amountMinor: toMinor(trade.total_amount), currency: CURRENCY }
    return { ...handle, state: 'paid', receipt: { reference, amount } }
  }
  return { ...handle, state: status === 'TRADE_CLOSED' ? 'cancelled' : 'pending', receipt: null }
}

async function readCallback(config: AlipayConfig, { body }: PaymentCallback): Promise<PaymentReport | null> {
  const sdk = await connect(config)
  const fields = Object.fromEntries(new URLSearchParams(Buffer.from(body).toString('utf8')))
  // RSA is the signature with SHA-1.
  const isSigned = fields['sign_type'] === 'RSA2' && isValid(() => sdk.checkNotifySignV2(fields))
  if (!isSigned || fields['app_id'] !== config.appId) {
    throw new AppError('callbackForged', 'Reading a callback of Alipay: it is not signed for this application: check appId.')
  }
  const { out_trade_no: reference } = fields
  return reference === undefined ? null : toReport({ reference, externalId: reference }, { code: DONE, ...fields })
}

function isValid(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}
