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
    'Ask one of the members who may to approve it, under Approvals or with "evercert approvals approve <id>".',
    '请让有权审批的成员在“审批”页面或用 “evercert approvals approve <编号>” 批准。',
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
    'Have a member decide who may.',
    '请由有权审批的成员处理。',
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
  freshAuthenticationNeeded: text(
    'Private keys, and what leads to them (tokens, logins, roles and links, targets, sign-in providers, the rules of the account), are given out only shortly after somebody said who they are; the session is older, or nobody can tell.',
    '下载私钥，以及授予或设置可导致获取私钥的内容（令牌、登录、角色、恢复链接、部署目标、单点登录提供方、账号规则）之前，须在短时间内验证过身份；当前会话的验证已过期。',
    'Give your password, a code of your second factor or a passkey (POST /api/v1/sessions/confirm), or sign in again; then repeat it.',
    '请重新输入密码、双因素验证码或使用通行密钥（POST /api/v1/sessions/confirm），或重新登录，然后重试。',
  ),
  keysForUsersOnly: text(
    'The rules of the account give private keys to users alone, not to API tokens.',
    '账号规则只允许用户下载私钥，不允许 API 令牌下载。',
    'Sign in to the console and download it there; an owner can change the rule.',
    '请登录控制台下载；账号所有者可以修改此规则。',
  ),
  tokenNarrowed: text(
    'The token is for certificates with the tags that the facts name, and this is not of a certificate.',
    '该令牌仅限带有所列标签的证书，而此操作不属于某张证书。',
    'Use a token without tags, or sign in; renewals name the certificate that they renew.',
    '请使用未限定标签的令牌或登录后操作；续费时须指明被续费的证书。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>
