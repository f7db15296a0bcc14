/**
 * The account at a CA: its key is stored before the CA hears of it, its URL as soon as it is known.
 *
 * @module
 */
import type { Ca, CaAccount } from '../../ports/ca.ts'
import { openIssuer } from '../catalogue.ts'
import { notFound, type Services } from '../context.ts'

const opened = new WeakMap<Ca, Promise<CaAccount>>()

/** The registered account. One registration for each connection, however many ask at once. */
export function openIssuerAccount(services: Services, issuerId: string, ca: Ca): Promise<CaAccount> {
  const existing = opened.get(ca)
  if (existing !== undefined) return existing
  const opening = register(services, issuerId, ca)
  opened.set(ca, opening)
  opening.catch(() => opened.delete(ca))
  return opening
}

/** The CA does not know the account (any more): the next use registers the same key again (RFC 8555 §7.3.1). */
export async function forgetIssuerAccount(services: Services, issuerId: string): Promise<void> {
  opened.delete(await openIssuer(services, issuerId))
  await services.db.updateTable('issuer').set({ account_opened_at: null }).where('id', '=', issuerId).execute()
}

async function register(services: Services, issuerId: string, ca: Ca): Promise<CaAccount> {
  const row = await services.db
    .selectFrom('issuer')
    .select(['account_secret_id', 'account_opened_at'])
    .where('id', '=', issuerId)
    .executeTakeFirst()
  if (row === undefined) throw notFound('issuer', issuerId)
  const stored = row.account_secret_id ?? (await storeAccount(services, issuerId, await ca.createAccount(), null))
  const account = await services.vault.open(services.db, stored, 'issuerAccount')
  if (row.account_opened_at !== null) return account
  const registered = await ca.openAccount(account)
  await storeAccount(services, issuerId, registered, stored)
  return registered
}

/** Replaces the stored account by compare-and-set; the one that was quicker wins. @returns the secret that is stored now */
async function storeAccount(services: Services, issuerId: string, account: CaAccount, previous: string | null): Promise<string> {
  const now = services.now()
  return services.db.transaction().execute(async (trx) => {
    const secretId = await services.vault.seal(trx, { purpose: 'issuerAccount', accountId: null, plaintext: account, now })
    const result = await trx
      .updateTable('issuer')
      .set({ account_secret_id: secretId, account_opened_at: previous === null ? null : new Date(now) })
      .where('id', '=', issuerId)
      .where('account_secret_id', previous === null ? 'is' : '=', previous)
      .executeTakeFirst()
    if (result.numUpdatedRows === 1n) {
      if (previous !== null) await trx.deleteFrom('secret').where('id', '=', previous).execute()
      return secretId
    }
    await trx.deleteFrom('secret').where('id', '=', secretId).execute()
    const winner = await trx.selectFrom('issuer').select('account_secret_id').where('id', '=', issuerId).executeTakeFirstOrThrow()
    return winner.account_secret_id ?? secretId
  })
}
