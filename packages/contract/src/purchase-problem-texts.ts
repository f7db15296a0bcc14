/**
 * The texts of problems around payments and the catalogue.
 *
 * @module
 */
import { text, type ProblemText } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'

export const PURCHASE_PROBLEM_TEXTS = {
  callbackForged: text(
    'The signature of the callback is missing, wrong or too old.',
    '回调的签名缺失、错误或已过期。',
    'If the provider did send it, correct the signing secret or key of the payment connection; the payment is also found by asking the provider.',
    '如确由支付服务商发送，请修正该支付渠道的签名密钥；系统也会主动查询支付结果。',
  ),
  productRetired: text(
    'The product was taken out of the catalogue.',
    '该产品已下架。',
    'Choose another product of the catalogue.',
    '请选择其他在售产品。',
  ),
  unknownBrand: text(
    'The product names a brand that is not in the list.',
    '产品所用的品牌不在品牌列表中。',
    'Use a brand of the list, or add the brand first.',
    '请使用列表中的品牌，或先添加该品牌。',
  ),
  promotionNotApplicable: text(
    'The promotion does not apply to this order, or no longer.',
    '该优惠不适用于此订单，或已失效。',
    'See the reason in the detail; order without it, or with another one.',
    '原因见详情；请不使用该优惠下单，或改用其他优惠。',
  ),
  renewalUnpaid: text(
    'A renewal was ordered for the certificate, and nobody has paid the order: there is no other renewal until it is paid or cancelled.',
    '该证书的续费已下单但尚未支付：在支付或取消之前，不能另行续费。',
    'Pay the order, or cancel it; a managed certificate then goes on by itself.',
    '请支付该订单，或取消订单；取消后托管证书会继续自动续费。',
  ),
  unknownCurrency: text(
    'The code is of no currency that money is counted in today (ISO 4217).',
    '该代码不是现行货币代码（ISO 4217）。',
    'Write the code of a currency in use, such as CNY, EUR or USD.',
    '请使用现行货币代码，例如 CNY、EUR、USD。',
  ),
  idempotencyKeyMissing: text(
    'A request that moves money came without the header that makes a repetition harmless.',
    '涉及资金的请求缺少用于防止重复扣款的请求头。',
    'Send an Idempotency-Key header of your own choice, and the same one when you repeat the request.',
    '请在请求头中加入自定义的 Idempotency-Key；重试时使用相同的值。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>
