/**
 * States and verdicts as words: in English the API's own, which documents and `--json` use; in Chinese the console's.
 *
 * @module
 */
import type { ApplicationView, ApprovalKind, IssuerView, PaymentView, ReviewCheck } from '@evercert/contract'
import { WORDS_ZH } from '@evercert/contract/words-zh'
import { HISTORY_STATES, HISTORY_SUBJECTS } from './history-words.ts'
import type { Language } from './language.ts'

const ZH = {
  ...WORDS_ZH,
  application: {
    draft: '未提交',
    pendingValidation: '待验证',
    inReview: '审核中',
    reviewFailed: '审核失败',
    issued: '已签发',
    withdrawn: '已撤回',
  },
  payment: {
    created: '待支付',
    succeeded: '已支付',
    credited: '已转入余额',
    failed: '失败',
    cancelled: '已取消',
    refunded: '已退款',
  } satisfies Record<PaymentView['state'], string>,
  creditReason: {
    wrongAmount: '金额不符',
    wrongCurrency: '币种不符',
    orderNotPayable: '订单此前已支付或关闭',
    paymentEnded: '支付此前已结束',
  },
  approvalKind: { spending: '付款', revocation: '吊销', keyDownload: '私钥下载', rules: '放宽规则' } satisfies Record<
    ApprovalKind,
    string
  >,
  validation: { pending: '待验证', processing: '验证中', valid: '已通过', invalid: '未通过' } satisfies Record<
    ApplicationView['validations'][number]['state'],
    string
  >,
  validityRule: { public: '公共', private: '私有' } satisfies Record<IssuerView['validityRule'], string>,
  check: {
    legalExistence: '公司依法存在',
    address: '地址属实',
    telephone: '电话属实',
    applicantAuthority: '申请人有权代表公司',
    physicalExistence: '有实际经营场所',
    superiorApproval: '上级负责人已确认',
    bankPermit: '开户许可证属实',
  } satisfies Record<ReviewCheck, string>,
  /** Those that are shipped; an operator's own stand as they were given. */
  grade: { standard: '标准', trial: '试用' },
  historySubject: HISTORY_SUBJECTS,
  historyState: HISTORY_STATES,
} as const satisfies Record<string, Readonly<Record<string, string>>>

/** What happened to what; some states mean another thing of another subject. */
export function historyWord(
  { subject, state }: { readonly subject: string; readonly state: string },
  language: Language,
): string {
  const special = wordFor('historyState', `${subject}.${state}`, language)
  return special === `${subject}.${state}` ? wordFor('historyState', state, language) : special
}

/** The word for a value; one that a newer service made up is shown as it is. */
export function wordFor(kind: keyof typeof ZH, value: string, language: Language): string {
  const words: Readonly<Record<string, string>> = ZH[kind]
  return language === 'zh' && Object.hasOwn(words, value) ? (words[value] ?? value) : value
}
