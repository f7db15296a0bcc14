/**
 * The reasons of a revocation (RFC 5280 §5.3.1) in Chinese: for the verdicts and the console alike.
 *
 * @module
 */
export const REASON_WORDS_ZH = {
  unspecified: '未说明原因',
  keyCompromise: '私钥泄露',
  caCompromise: 'CA 私钥泄露',
  affiliationChanged: '所属关系变更',
  superseded: '已被替换',
  cessationOfOperation: '停止使用',
  certificateHold: '暂停使用',
  privilegeWithdrawn: '权限被撤销',
  aaCompromise: '属性机构私钥泄露',
} as const
