/**
 * The sentences about money that paid no order, or more than it: what came in, where it is, and what to do.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import type { CreditedMoney, NoticeDetail } from '../../db/notice-tables.ts'
import { formatMoney } from '../../domain/payment/money.ts'

export function moneyTitle({ certificateName: orderId, money }: NoticeDetail): Bilingual {
  if (money?.reason === 'surplus')
    return { en: `More than its price came in for order ${orderId}`, zh: `订单 ${orderId} 实收金额多于应付金额` }
  if (money?.reason === 'wrongAmount' || money?.reason === 'wrongCurrency')
    return { en: `The payment of order ${orderId} has the wrong amount`, zh: `订单 ${orderId} 的付款金额不符` }
  return { en: `Money came in for order ${orderId}, which it could not pay`, zh: `订单 ${orderId} 收到款项，但未能用于支付` }
}

export function moneyAdvice({ money }: NoticeDetail): Bilingual {
  if (money === null || money === undefined) return { en: 'See the payments.', zh: '请查看支付记录。' }
  const [facts, todo] = [whatCame(money), money.account === null ? ofPayer(money) : ofOperator(money)]
  return { en: `${facts.en}\n${todo.en}`, zh: `${facts.zh}\n${todo.zh}` }
}

function whatCame({ reason, received, price, credited }: CreditedMoney): Bilingual {
  const [came, asked] = [formatMoney(received), formatMoney(price)]
  const balance = credited.map((money) => formatMoney(money)).join(' + ')
  switch (reason) {
    case 'surplus':
      return {
        en: `To pay: ${asked}. Received last: ${came}. The order is paid, and ${balance} too much is on the balance.`,
        zh: `应付 ${asked}，最近一笔实收 ${came}。订单已支付，多收的 ${balance} 已转入余额。`,
      }
    case 'wrongAmount':
    case 'wrongCurrency':
      return {
        en: `To pay: ${asked}. Received: ${came}. The order is not paid, and ${balance} is on the balance.`,
        zh: `应付 ${asked}，实收 ${came}。订单仍未支付，${balance} 已转入余额。`,
      }
    case 'orderNotPayable':
      return {
        en: `Received: ${came}. The order was paid, cancelled or closed before, and ${balance} is on the balance.`,
        zh: `实收 ${came}。订单此前已支付、取消或关闭，${balance} 已转入余额。`,
      }
    case 'paymentEnded':
      return {
        en: `Received: ${came}. The payment had ended before it was complete, and ${balance} is on the balance.`,
        zh: `实收 ${came}。该笔支付此前已结束，${balance} 已转入余额。`,
      }
  }
}

function ofPayer({ reason }: CreditedMoney): Bilingual {
  if (reason === 'surplus')
    return {
      en: 'Use it for another order, or ask the operator to pay it back.',
      zh: '余额可用于其他订单；如需退回，请联系管理员。',
    }
  if (reason === 'wrongAmount' || reason === 'wrongCurrency')
    return {
      en: `Pay the order from the balance or in another way, or cancel it. To have the money back, ask the operator.`,
      zh: `请使用余额或其他方式支付订单，或取消订单。如需退回款项，请联系管理员。`,
    }
  return {
    en: 'Use it for another order, or ask the operator to pay it back.',
    zh: '余额可用于其他订单；如需退回，请联系管理员。',
  }
}

function ofOperator({ account, paymentId, reason }: CreditedMoney): Bilingual {
  const who = `${account?.name ?? '-'} (${account?.id ?? '-'})`
  const look: Bilingual =
    reason === 'wrongAmount' || reason === 'wrongCurrency'
      ? {
          en: `Compare payment ${paymentId} with what the provider shows: the amount may have been changed on the way, or the settings of the connection be wrong.`,
          zh: `请在支付服务商处核对支付 ${paymentId}：金额可能被改动，或支付渠道的设置有误。`,
        }
      : { en: `It is payment ${paymentId} at the provider.`, zh: `对应支付服务商的支付 ${paymentId}。` }
  return {
    en: `It is the balance of account ${who}, which was told too. ${look.en}`,
    zh: `款项在账号 ${who} 的余额中，该账号已收到通知。${look.zh}`,
  }
}
