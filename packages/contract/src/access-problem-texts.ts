/**
 * Cause and remedy of the problems around users, roles and sessions.
 *
 * @module
 */
import type { ProblemCode } from './problems.ts'
import { text, type ProblemText } from './problem-text.ts'

export const ACCESS_PROBLEM_TEXTS = {
  unauthenticated: text(
    'Nobody is signed in: there is no session, or it has ended, or the API token is not valid.',
    '尚未登录，或登录已失效；使用 API 令牌时，令牌无效。',
    'Sign in, or use another API token.',
    '请重新登录，或换用有效的 API 令牌。',
  ),
  forbidden: text(
    'The role or the token lacks the permission for this operation.',
    '当前角色或令牌没有执行此操作的权限。',
    'Ask an owner or administrator of the account for a role, or a token, that has the permission for it.',
    '请向账号的所有者或管理员申请具备所列权限的角色或令牌。',
  ),
  signInRefused: text(
    'The e-mail address and the password do not belong together.',
    '邮箱与密码不匹配。',
    'Check both and try again. After a few failures there is a pause; the operator of the installation can make a link for a new password.',
    '请核对后重试。多次失败后需等待一段时间；安装管理员可生成重设密码的链接。',
  ),
  secondFactorRefused: text(
    'The code is wrong, was used before, or the sign-in it belongs to is over.',
    '验证码错误、已被使用，或本次登录已失效。',
    'Enter the code that the app shows now, the next one if you used this one already, or a back-up code; if it is refused again, begin with the password.',
    '请输入验证器当前显示的验证码（已用过的请等待下一个）或备用码；若仍被拒绝，请重新输入密码登录。',
  ),
  passkeyRefused: text(
    'The passkey is not known here, was not unlocked by its owner, or answered another request than ours.',
    '此通行密钥在本系统中不存在、未由本人解锁，或应答的不是本次请求。',
    'Try again within five minutes, and unlock the device by fingerprint, face or PIN. If it stays so, sign in in another way and register the passkey anew.',
    '请在五分钟内重试，并用指纹、面容或 PIN 解锁设备；若仍被拒绝，请用其他方式登录后重新注册通行密钥。',
  ),
  singleSignOnRefused: text(
    'The provider of single sign-on did not sign you in, or what it said of you is not enough here.',
    '单点登录服务未完成登录，或其提供的身份信息不满足本系统的要求。',
    'Try again from the sign-in page. If it stays so, show the operator of the installation the fault that the facts name.',
    '请在登录页重试；若仍失败，请将所列原因告知安装管理员。',
  ),
  weakPassword: text(
    'The password is short, or one that many people use.',
    '密码过短，或属于常用密码。',
    'Choose one of at least 12 characters that is not a common one; a sentence or a password manager does well.',
    '请设置至少 12 个字符且不常见的密码，建议使用一句话或密码管理器。',
  ),
  crossSite: text(
    'The request uses a session and does not come from a page of this service.',
    '请求使用了登录会话，但并非来自本服务的页面。',
    'Use the console of this service. Programs send an API token in place of a cookie.',
    '请使用本服务的控制台；程序请使用 API 令牌，而不是 Cookie。',
  ),
  linkInvalid: text(
    'The link was used, is out of date, or was never given out.',
    '该链接已被使用、已过期，或从未签发。',
    'Ask for a new link. The first operator\'s is printed each time "evercert serve" starts, until somebody followed it.',
    '请索取新的链接。在首位管理员创建之前，每次启动“evercert serve”都会打印首位管理员的链接。',
  ),
  lastOwner: text(
    'The account would be left without an owner.',
    '此操作会使账号没有任何所有者。',
    'Make another member an owner first.',
    '请先将另一名成员设为所有者。',
  ),
  alreadyMember: text(
    'The user is a member of the account.',
    '该用户已是账号成员。',
    "Change the member's role instead.",
    '请直接修改该成员的角色。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>
