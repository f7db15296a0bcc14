/**
 * States, verdicts and attributes in Chinese, for the console and the command. What only one of them needs, or says at greater length, it has itself. In
 * English the API's own names are the words of the command, and the console has longer ones.
 *
 * @module
 */
import type { Company, DocumentKind } from './applicant-views.ts'
import type { ApprovalState } from './approvals.ts'
import type { AuditOutcome } from './audit.ts'
import type { DeliveryView } from './notice-views.ts'
import type { OrderView } from './order-views.ts'
import type { PromotionView } from './promotions.ts'
import type { ReviewView } from './reviews.ts'
import type { MemberRole } from './roles.ts'
import type { ApplicationFormView } from './application-views.ts'
import type { RenewalView, SpecificationView, TargetView, Verdict } from './views.ts'

/** A value without a word does not compile. */
interface Words {
  readonly verdict: Readonly<Record<Verdict, string>>
  readonly deployment: Readonly<Record<NonNullable<TargetView['deployment']>['state'], string>>
  readonly order: Readonly<Record<OrderView['state'], string>>
  readonly renewal: Readonly<Record<RenewalView['state'], string>>
  readonly approval: Readonly<Record<ApprovalState, string>>
  readonly review: Readonly<Record<ReviewView['state'], string>>
  readonly delivery: Readonly<Record<DeliveryView['state'], string>>
  readonly promotion: Readonly<Record<PromotionView['state'], string>>
  readonly validationMethod: Readonly<Record<ApplicationFormView['validationMethod'], string>>
  readonly domainType: Readonly<Record<SpecificationView['domainType'], string>>
  readonly attribute: Readonly<Record<keyof SpecificationView, string>>
  readonly document: Readonly<Record<DocumentKind, string>>
  readonly companyType: Readonly<Record<Company['type'], string>>
  readonly role: Readonly<Record<MemberRole, string>>
  readonly outcome: Readonly<Record<AuditOutcome, string>>
}

export const WORDS_ZH = {
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
  order: { placed: '待支付', paid: '已支付', cancelled: '已取消', expired: '超时关闭', refunded: '已退款' },
  renewal: { ordered: '已下单', open: '进行中', attention: '需要处理', closed: '已完成', cancelled: '已取消' },
  approval: {
    waiting: '等待批准',
    approved: '已批准，待使用',
    done: '已执行',
    refused: '已拒绝',
    withdrawn: '已撤回',
    expired: '已超时',
    lapsed: '已失去依据',
  },
  review: { waiting: '待审核', approved: '已通过', refused: '已拒绝' },
  delivery: {
    planned: '等待发送',
    failed: '发送失败，将重试',
    sent: '已送达',
    givenUp: '已放弃',
    obsolete: '无需发送',
  },
  promotion: {
    upcoming: '未开始',
    running: '进行中',
    usedUp: '已用完',
    over: '已结束',
    withdrawn: '已撤回',
  },
  validationMethod: { file: '文件验证', dnsManual: '手动 DNS 验证', dnsAutomatic: '自动 DNS 验证' },
  domainType: {
    single: '单域名',
    multi: '多域名',
    wildcard: '通配符',
    multiWildcard: '多通配符',
    mixed: '混合域名',
  },
  attribute: {
    domainType: '域名类型',
    certificateType: '证书类型',
    grade: '证书等级',
    brand: '证书品牌',
  },
  document: { businessLicence: '营业执照', bankPermit: '银行开户许可证' },
  companyType: {
    enterprise: '企业',
    government: '政府机关',
    institution: '事业单位',
    nonProfit: '非营利组织',
    individualBusiness: '个体工商户',
  },
  role: {
    owner: '所有者',
    administrator: '管理员',
    operator: '证书管理员',
    finance: '财务',
    reviewer: '审核员',
    auditor: '审计员',
    viewer: '只读',
  },
  outcome: { done: '成功', refused: '被拒绝', failed: '失败', unknown: '未知' },
} as const satisfies Words
