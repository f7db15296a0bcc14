/**
 * What the operator of the installation names by words, and not by ids of ours.
 *
 * @module
 */
import { isId } from '../../domain/id.ts'
import type { Services } from '../context.ts'

/** By group of operations. */
const TABLES = {
  issuers: 'issuer',
  products: 'product',
  paymentConnections: 'payment_connection',
  signInProviders: 'sign_in_provider',
  masterKeys: 'master_key',
} as const

/**
 * The text, when it is an id of ours or names something that there is. Null otherwise: it may be anything that somebody typed, a secret in the
 * wrong field among it. Never rejects.
 */
export async function findNamed({ db, log }: Pick<Services, 'db' | 'log'>, group: string, text: string): Promise<string | null> {
  if (isId(text)) return text
  if (!isGroup(group)) return null
  try {
    const row = await db.selectFrom(TABLES[group]).select('id').where('id', '=', text).executeTakeFirst()
    return row?.id ?? null
  } catch (error) {
    log.warn({ event: 'audit.unnamed', error })
    return null
  }
}

function isGroup(group: string): group is keyof typeof TABLES {
  return Object.hasOwn(TABLES, group)
}
