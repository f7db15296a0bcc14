/**
 * Accounts and API tokens. The first start makes one account and an operator token, shown once in a 0600 file.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { SCOPES, type Scope } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import { newId, type Caller, type Services } from './context.ts'

/** Of the token that the data folder holds: it is replaced by it, and no other token has it. */
export const OPERATOR_NAME = 'operator'

/** A new token: 256 random bits. */
export function drawToken(): string {
  return `evc_${randomBytes(32).toString('base64url')}`
}

/** SHA-256 of a token: tokens have 256 random bits, so no slow hash is needed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** @throws AppError `forbidden` naming the permission */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.has(scope)) return
  const who = caller.sessionId === undefined ? 'token' : `role "${caller.role ?? 'none'}"`
  throw new AppError('forbidden', `Calling this operation: the ${who} lacks "${scope}": ask for one that has it.`, {
    facts: { scope },
  })
}

/** Makes an account with a token of the given permissions; the token is returned this once. */
export async function createAccount(
  services: Services,
  account: { readonly name: string; readonly tokenName: string; readonly scopes: readonly Scope[] },
): Promise<{ readonly accountId: string; readonly token: string }> {
  const accountId = newId(services, 'acc')
  const token = drawToken()
  const createdAt = new Date(services.now())
  await services.db.transaction().execute(async (trx) => {
    await trx.insertInto('account').values({ id: accountId, name: account.name, created_at: createdAt }).execute()
    await trx
      .insertInto('access_token')
      .values({
        id: newId(services, 'tok'),
        account_id: accountId,
        name: account.tokenName,
        token_sha256: hashToken(token),
        scopes: [...account.scopes],
        created_at: createdAt,
        expires_at: null,
      })
      .execute()
  })
  return { accountId, token }
}

/**
 * The operator token of a fresh installation, or null when there is an account already. Safe to repeat: a start that died before the
 * caller kept the token calls {@link replaceOperatorToken}.
 */
export async function createFirstOperator(services: Services): Promise<string | null> {
  const existing = await services.db.selectFrom('account').select('id').limit(1).executeTakeFirst()
  if (existing !== undefined) return null
  const { token } = await createAccount(services, { name: 'default', tokenName: OPERATOR_NAME, scopes: SCOPES })
  return token
}

/** Whether it is the token of the data folder that calls: its holder has the machine. */
export async function isHostToken({ db }: Services, { tokenId, sessionId }: Caller): Promise<boolean> {
  if (sessionId !== undefined) return false
  const row = await db
    .selectFrom('access_token')
    .select('id')
    .where('id', '=', tokenId)
    .where('name', '=', OPERATOR_NAME)
    .where('created_by_user_id', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/** A new operator token in place of the lost one: who can write the data folder is the operator. */
export async function replaceOperatorToken(services: Services): Promise<string> {
  const token = drawToken()
  const result = await services.db
    .updateTable('access_token')
    .set({ token_sha256: hashToken(token) })
    .where('name', '=', OPERATOR_NAME)
    .executeTakeFirst()
  if (result.numUpdatedRows !== 1n) throw new AppError('misconfigured', 'Replacing the operator token: there is not exactly one.')
  return token
}
