/**
 * The words of a timeline in Chinese, and those that only a list of the command needs.
 *
 * @module
 */
import { HISTORY_ZH } from '@evercert/contract/history-words'

export const HISTORY_SUBJECTS = {
  ...HISTORY_ZH.subjects,
  audit: '审计日志',
  notice_delivery: '通知',
  tokens: 'API 令牌',
  user: '用户',
} as const

/** Some states mean another thing of another subject: `subject.state` is looked for first. */
export const HISTORY_STATES = {
  ...HISTORY_ZH.states,
  'certificate.closed': '已关闭',
  'certificate.expired': '已过期',
  'certificate.revocationPending': '吊销审核中',
  'deployment.failed': '部署失败',
  'order.expired': '超时关闭',
  'payment.created': '待支付',
  'payment.succeeded': '已支付',
  obsolete: '无需发送',
  sent: '已送达',
} as const
