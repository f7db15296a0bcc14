/**
 * States and verdicts as words: in English the API's own, which documents and `--json` use; in Chinese the console's.
 *
 * @module
 */
import type {
  ApplicationFormView,
  ApplicationView,
  ApprovalKind,
  ApprovalState,
  AuditOutcome,
  Company,
  DeliveryView,
  DocumentKind,
  IssuerView,
  MemberRole,
  OrderView,
  PaymentView,
  PromotionView,
  RenewalView,
  ReviewCheck,
  ReviewView,
  SpecificationView,
} from '@evercert/contract'
import { HISTORY_STATES, HISTORY_SUBJECTS } from './history-words.ts'
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
  creditReason: {
    wrongAmount: '金额不符',
    wrongCurrency: '币种不符',
    orderNotPayable: '订单此前已支付或关闭',
    paymentEnded: '支付此前已结束',
  },
  renewal: { ordered: '已下单', open: '进行中', attention: '需要处理', closed: '已完成', cancelled: '已取消' } satisfies Record<
    RenewalView['state'],
    string
  >,
  approval: {
    waiting: '等待批准',
    approved: '已批准，待使用',
    done: '已执行',
    refused: '已拒绝',
    withdrawn: '已撤回',
    expired: '已超时',
    lapsed: '已失去依据',
  } satisfies Record<ApprovalState, string>,
  approvalKind: { spending: '付款', revocation: '吊销', keyDownload: '私钥下载', rules: '放宽规则' } satisfies Record<
    ApprovalKind,
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
  promotion: {
    upcoming: '未开始',
    running: '进行中',
    usedUp: '已用完',
    over: '已结束',
    withdrawn: '已撤回',
  } satisfies Record<PromotionView['state'], string>,
  validation: { pending: '待验证', processing: '验证中', valid: '已通过', invalid: '未通过' } satisfies Record<
    ApplicationView['validations'][number]['state'],
    string
  >,
  validationMethod: { file: '文件验证', dnsManual: '手动 DNS 验证', dnsAutomatic: '自动 DNS 验证' } satisfies Record<
    ApplicationFormView['validationMethod'],
    string
  >,
  domainType: {
    single: '单域名',
    multi: '多域名',
    wildcard: '通配符',
    multiWildcard: '多通配符',
    mixed: '混合域名',
  } satisfies Record<SpecificationView['domainType'], string>,
  attribute: {
    domainType: '域名类型',
    certificateType: '证书类型',
    grade: '证书等级',
    brand: '证书品牌',
  } satisfies Record<keyof SpecificationView, string>,
  validityRule: { public: '公共', private: '私有' } satisfies Record<IssuerView['validityRule'], string>,
  document: { businessLicence: '营业执照', bankPermit: '开户许可证' } satisfies Record<DocumentKind, string>,
  companyType: {
    enterprise: '企业',
    government: '政府机关',
    institution: '事业单位',
    nonProfit: '非营利组织',
    individualBusiness: '个体工商户',
  } satisfies Record<Company['type'], string>,
  check: {
    legalExistence: '公司依法存在',
    address: '地址属实',
    telephone: '电话属实',
    applicantAuthority: '申请人有权代表公司',
    physicalExistence: '有实际经营场所',
    superiorApproval: '上级负责人已确认',
    bankPermit: '开户许可证属实',
  } satisfies Record<ReviewCheck, string>,
  role: {
    owner: '所有者',
    administrator: '管理员',
    operator: '证书管理员',
    finance: '财务',
    reviewer: '审核员',
    auditor: '审计员',
    viewer: '只读',
  } satisfies Record<MemberRole, string>,
  outcome: { done: '成功', refused: '被拒绝', failed: '失败', unknown: '未知' } satisfies Record<AuditOutcome, string>,
  historySubject: HISTORY_SUBJECTS,
  historyState: HISTORY_STATES,
} as const satisfies Record<string, Readonly<Record<string, string>>>

/** A text of the service in which Chinese stands around the values of an attribute, such as `域名类型（single → multi）`. */
export function translateChanges(text: string, language: Language): string {
  if (language !== 'zh') return text
  const arrow = /（(\w+) → (\w+)）/g
  return text.replaceAll(
    arrow,
    (_all, from: string, to: string) => `（${wordFor('domainType', from, 'zh')} → ${wordFor('domainType', to, 'zh')}）`,
  )
}

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
