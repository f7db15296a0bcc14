/**
 * The texts of problems around whose a domain name is.
 *
 * @module
 */
import { text, type ProblemText } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'

export const NAME_PROBLEM_TEXTS = {
  nameOfAnotherAccount: text(
    'Another account of this installation proved the name, one above it, or one that the wildcard covers.',
    '本系统的另一账号已验证该域名、其上级域名，或通配符所包含的域名。',
    'Leave the name out, or ask the operator to assign it to this account.',
    '请去掉该域名，或请管理员将其分配给当前账号。',
  ),
  nameUnproved: text(
    'The CA accepts an earlier proof of the name, but this account did not give it.',
    'CA 接受该域名此前的验证，但该验证并非由当前账号完成。',
    'Ask the operator to assign the name, or apply again once the CA asks for a new proof.',
    '请管理员分配该域名，或待 CA 要求重新验证后再次申请。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>
