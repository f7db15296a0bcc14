/**
 * API tokens with tags: they see certificates with one of these tags, and what belongs to them. What each operation is to them is declared in
 * the contract.
 *
 * @module
 */
import { sql, type RawBuilder, type SqlBool } from 'kysely'
import { narrowingOf, type NarrowedSubject } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { notFound, type Caller } from '../context.ts'

/** @throws AppError `tokenNarrowed` for what is of no certificate, `notFound` for what is not of the token's certificates */
export async function requireNarrowed(
  db: Db | Trx,
  caller: Caller,
  { operation, input }: { readonly operation: string; readonly input: unknown },
): Promise<void> {
  if (caller.tags === undefined) return
  const narrowing = narrowingOf(operation)
  if (narrowing === 'open' || narrowing === 'filtered') return
  if (narrowing === 'closed') throw tokenNarrowed(caller, operation)
  for (const [subject, field] of Object.entries(narrowing) as [NarrowedSubject, string][]) {
    const id = typeof input === 'object' && input !== null ? (input as Readonly<Record<string, unknown>>)[field] : undefined
    if (typeof id !== 'string') throw tokenNarrowed(caller, operation)
    if (!(await isSeen(db, caller, subject, id))) throw notFound(subject, id)
  }
}

export function tokenNarrowed({ tags = [] }: Caller, operation: string): AppError {
  return new AppError('tokenNarrowed', `Calling ${operation}: the token is for certificates tagged ${tags.join(', ')} alone.`, {
    facts: { tags },
  })
}

/** Whether the certificate of this column is one that the caller sees; true for who is not narrowed. */
export function seenBy({ accountId, tags }: Caller, column: string): RawBuilder<SqlBool> {
  return tags === undefined ? sql<SqlBool>`true` : sql<SqlBool>`${sql.ref(column)} in (${taggedIds(accountId, tags)})`
}

/** The certificates of an account with one of these tags. */
function taggedIds(accountId: string, tags: readonly string[]): RawBuilder<unknown> {
  return sql`select certificate_id from certificate_tag where account_id = ${accountId} and tag = any(${[...tags]}::text[])`
}

async function isSeen(db: Db | Trx, { accountId, tags = [] }: Caller, subject: NarrowedSubject, id: string): Promise<boolean> {
  const { rows } = await sql`select 1 from (${CERTIFICATES_OF[subject](accountId, id)}) its (certificate_id)
    where certificate_id in (${taggedIds(accountId, tags)}) limit 1`.execute(db)
  return rows.length > 0
}

type IdsOf = (accountId: string, id: string) => RawBuilder<unknown>

/** Of things that are of one certificate. */
function ofTable(table: string): IdsOf {
  return (accountId, id) => sql`select certificate_id from ${sql.table(table)} where id = ${id} and account_id = ${accountId}`
}

const ofOrder: IdsOf = (accountId, id) => sql`
  select renews_certificate_id from "order" where id = ${id} and account_id = ${accountId}
  union all select id from certificate where order_id = ${id} and account_id = ${accountId}`

const CERTIFICATES_OF: Readonly<Record<NarrowedSubject, IdsOf>> = {
  certificate: (accountId, id) => sql`select id from certificate where id = ${id} and account_id = ${accountId}`,
  order: ofOrder,
  payment: (accountId, id) => sql`select o.certificate_id from payment p
    cross join lateral (select renews_certificate_id as certificate_id from "order" where id = p.order_id
      union all select id from certificate where order_id = p.order_id) o
    where p.id = ${id} and p.account_id = ${accountId}`,
  renewal: (accountId, id) => sql`
    select old_certificate_id from renewal where id = ${id} and account_id = ${accountId}
    union all select new_certificate_id from renewal where id = ${id} and account_id = ${accountId}`,
  target: ofTable('target'),
  endpoint: ofTable('endpoint'),
  receipt: ofTable('receipt'),
  notice: ofTable('notice'),
}
