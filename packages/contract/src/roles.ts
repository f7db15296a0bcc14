/**
 * Roles of a user in an account. What each may do is in docs/generated/permissions.md.
 *
 * @module
 */
import { z } from 'zod'

export const MEMBER_ROLES = ['owner', 'administrator', 'operator', 'finance', 'reviewer', 'auditor', 'viewer'] as const
/** In one account. `operator` is of certificates; the operator of the installation is above the accounts. */
export type MemberRole = (typeof MEMBER_ROLES)[number]

/** What a user calls as: a role in the account, or the installation's operator where they have none. */
export type Role = MemberRole | 'installationOperator'
export const ROLES = ['installationOperator', ...MEMBER_ROLES] as const satisfies readonly Role[]

export const memberRole = z.enum(MEMBER_ROLES)
export const role = z.enum(ROLES)

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]
export const language = z.enum(LANGUAGES)
