/**
 * States and verdicts as words: in English the API's own, which documents and `--json` use; in Chinese the console's.
 *
 * @module
 */
import type { DeliveryView, OrderView, PaymentView, RenewalView, ReviewView } from '@evercert/contract'
import type { Language } from './language.ts'

const ZH = {
  verdict: {
    served: '已使用本证书',
    oldCertificate: '仍是旧证书',
    otherCertificate: '是另一张证书',
    wrongName: '域名不匹配',
    incompleteChain: '证书链不完整',
    untrusted: '不受信任',
    expired: '证书已过期',
    notYetValid: '证书尚未生效',
    revoked: '证书已吊销',
    unreachable: '无法连接',
    notTls: '不是 TLS 服务',
  },
  deployment: {
    planned: '等待部署',
    applied: '已安装',
    proved: '已安装并证明生效',
    rolledBack: '已回滚',
    failed: '部署失败',
    abandoned: '已放弃',
    superseded: '已被取代',
  },
  application: {
    draft: '未提交',
    pendingValidation: '待验证',
    inReview: '审核中',
    reviewFailed: '审核失败',
    issued: '已签发',
    withdrawn: '已撤回',
  },
  order: { placed: '待支付', paid: '已支付', cancelled: '已取消', expired: '超时关闭', refunded: '已退款' } satisfies Record<
    OrderView['state'],
    string
  >,
  payment: {
    created: '待支付',
    succeeded: '已支付',
    credited: '已转入余额',
    failed: '失败',
    cancelled: '已取消',
    refunded: '已退款',
  } satisfies Record<PaymentView['state'], string>,
  renewal: { ordered: '已下单', open: '进行中', attention: '需要处理', closed: '已完成', cancelled: '已取消' } satisfies Record<
    RenewalView['state'],
    string
  >,
  review: { waiting: '待审核', approved: '已通过', refused: '已拒绝' } satisfies Record<ReviewView['state'], string>,
  delivery: {
    planned: '等待发送',
    failed: '发送失败，将重试',
    sent: '已送达',
    givenUp: '已放弃',
    obsolete: '无需发送',
  } satisfies Record<DeliveryView['state'], string>,
} as const satisfies Record<string, Readonly<Record<string, string>>>

/** The word for a value; one that a newer service made up is shown as it is. */
export function wordFor(kind: keyof typeof ZH, value: string, language: Language): string {
  const words: Readonly<Record<string, string>> = ZH[kind]
  return language === 'zh' && Object.hasOwn(words, value) ? (words[value] ?? value) : value
}
