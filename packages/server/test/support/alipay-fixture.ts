/**
 * Alipay's gateway on this machine: it checks the RSA2 signature of every request and page, and signs what it answers and reports
 * (November 2026).
 *
 * @module
 */
import { createSign, createVerify, generateKeyPairSync } from 'node:crypto'
import { startHttpReceiver, type Reply } from '../../../../test/harness/http-receiver.ts'
import type { PaymentCallback } from '../../src/ports/payment.ts'

export const ALIPAY_APP_ID = '2021000122600000'

interface Trade {
  status: 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED'
  readonly total: string
}

export interface AlipayFixture {
  readonly gateway: string
  readonly appPrivateKey: string
  readonly alipayPublicKey: string
  readonly trades: ReadonlyMap<string, Trade>
  answerWith(reply: Reply | undefined): void
  /** The payer opens the page, whose signature is checked, and pays. */
  pay(pageUrl: string, total?: string): void
  callbackOf(reference: string, wish?: { readonly appId?: string; readonly sign?: 'alipay' | 'other' }): PaymentCallback
  close(): Promise<void>
}

const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const signedText = (fields: Readonly<Record<string, string>>, without: readonly string[]): string =>
  Object.keys(fields)
    .filter((name) => !without.includes(name) && fields[name] !== '')
    .toSorted()
    .map((name) => `${name}=${fields[name]}`)
    .join('&')

export async function startAlipayFixture(): Promise<AlipayFixture> {
  const [app, alipay, other] = [pair(), pair(), pair()]
  const trades = new Map<string, Trade>()
  let canned: Reply | undefined
  const sign = (text: string, key = alipay.privateKey) => createSign('RSA-SHA256').update(text).sign(key, 'base64')
  const isFromApp = (fields: Record<string, string>): boolean =>
    fields['app_id'] === ALIPAY_APP_ID &&
    fields['sign_type'] === 'RSA2' &&
    createVerify('RSA-SHA256')
      .update(signedText(fields, ['sign']))
      .verify(app.publicKey, fields['sign'] ?? '', 'base64')
  const answer = (method: string, value: object): Reply => {
    const text = JSON.stringify(value)
    return { body: `{"${method.replaceAll('.', '_')}_response":${text},"sign":"${sign(text)}"}` }
  }

  const receiver = await startHttpReceiver((request) => {
    if (canned !== undefined) return canned
    const fields = Object.fromEntries(new URLSearchParams(request.body))
    const method = fields['method'] ?? ''
    if (!isFromApp(fields))
      return { body: `{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature"}}` }
    const { out_trade_no: reference = '' } = JSON.parse(fields['biz_content'] ?? '{}') as { out_trade_no?: string }
    const trade = trades.get(reference)
    if (trade === undefined)
      return answer(method, { code: '40004', msg: 'Business Failed', sub_code: 'ACQ.TRADE_NOT_EXIST', sub_msg: '交易不存在' })
    if (method === 'alipay.trade.close') {
      if (trade.status !== 'WAIT_BUYER_PAY')
        return answer(method, { code: '40004', msg: 'Business Failed', sub_code: 'ACQ.TRADE_STATUS_ERROR' })
      trade.status = 'TRADE_CLOSED'
      return answer(method, { code: '10000', msg: 'Success', out_trade_no: reference, trade_no: `2026${reference}` })
    }
    return answer(method, {
      code: '10000',
      msg: 'Success',
      out_trade_no: reference,
      trade_no: `2026${reference}`,
      trade_status: trade.status,
      total_amount: trade.total,
    })
  })

  const openPage = (pageUrl: string): { reference: string; total: string } => {
    const fields = Object.fromEntries(new URL(pageUrl).searchParams)
    if (!isFromApp(fields) || fields['method'] !== 'alipay.trade.page.pay') throw new Error('invalid-signature')
    const biz = JSON.parse(fields['biz_content'] ?? '') as Record<string, string>
    const isWhole =
      biz['product_code'] === 'FAST_INSTANT_TRADE_PAY' &&
      /^\d+\.\d\d$/.test(biz['total_amount'] ?? '') &&
      /^[^/=&]{1,256}$/.test(biz['subject'] ?? '') &&
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(biz['time_expire'] ?? '')
    if (!isWhole) throw new Error(`INVALID_PARAMETER ${fields['biz_content']}`)
    return { reference: biz['out_trade_no'] ?? '', total: biz['total_amount'] ?? '' }
  }

  return {
    gateway: `${receiver.url}/gateway.do`,
    appPrivateKey: app.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    alipayPublicKey: alipay.publicKey.export({ type: 'spki', format: 'pem' }) as string,
    trades,
    answerWith: (reply) => {
      canned = reply
    },
    pay: (pageUrl, total) => {
      const opened = openPage(pageUrl)
      trades.set(opened.reference, { status: 'TRADE_SUCCESS', total: total ?? opened.total })
    },
    callbackOf: (reference, { appId = ALIPAY_APP_ID, sign: by = 'alipay' } = {}) => {
      const trade = trades.get(reference)
      const fields: Record<string, string> = {
        app_id: appId,
        charset: 'utf-8',
        notify_id: '2026112400222230000000000000',
        notify_type: 'trade_status_sync',
        out_trade_no: reference,
        subject: '证书 100% + a',
        total_amount: trade?.total ?? '0.00',
        trade_no: `2026${reference}`,
        trade_status: trade?.status ?? 'WAIT_BUYER_PAY',
        version: '1.0',
      }
      const signature = sign(signedText(fields, []), by === 'alipay' ? alipay.privateKey : other.privateKey)
      return {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(new URLSearchParams({ ...fields, sign_type: 'RSA2', sign: signature }).toString()),
      }
    },
    close: () => receiver.close(),
  }
}
