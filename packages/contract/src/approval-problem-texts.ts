/**
 * The texts of problems around four eyes and who may be given private keys.
 *
 * @module
 */
import { text, type ProblemText } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'

export const APPROVAL_PROBLEM_TEXTS = {
  secondPersonNeeded: text(
    'The rules of the account want a second person for this. The request was recorded and waits; nothing was done yet.',
    '账号规则要求此操作由第二人批准。请求已登记并等待批准，尚未执行。',
    'Ask one of the members that the facts name to approve it, under Approvals or with "evercert approvals approve <id>".',
    '请让附加信息中列出的成员在“审批”页面或用 “evercert approvals approve <编号>” 批准。',
  ),
  approverIsRequester: text(
    'Who asked for it cannot decide on it; a user and all tokens that they made are one person.',
    '申请人不能审批自己的请求；用户及其创建的所有令牌视为同一人。',
    'Have another member decide, signed in as themselves.',
    '请由另一名成员以本人身份登录后处理。',
  ),
  approverUnfit: text(
    'Only a member of the account who was one before it was asked, and who might do it themselves, can decide on it.',
    '只有在请求提出之前就已是账号成员、且本身有权执行该操作的人才能审批。',
    'Have a member decide whom the facts name.',
    '请由附加信息中列出的成员审批。',
  ),
  approvalOutdated: text(
    'What was asked is not what is there now: the certificate, the price or the rules changed since.',
    '请求提出后情况已变化：证书、价格或规则与当时不同。',
    'Look at it again and ask anew.',
    '请重新核对后再次提出请求。',
  ),
  noSecondPerson: text(
    'The account has no two members who could approve for one another, so nothing that needs a second person could be done.',
    '账号中没有两名可以相互审批的成员，启用后需要第二人的操作将无法进行。',
    'Make a second member owner or administrator, then set the rule.',
    '请先将另一名成员设为所有者或管理员，然后再设置规则。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>
