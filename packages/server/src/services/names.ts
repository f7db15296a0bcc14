/**
 * Which names an account holds, and how the operator decides where two accounts want one.
 *
 * @module
 */
import { sql, type Selectable, type SqlBool } from 'kysely'
import type { NameClaimView } from '@evercert/contract'
import type { NameClaimTable } from '../db/name-tables.ts'
import { recordHistory, type Trx } from '../db/transition.ts'
import { parseDomainName } from '../domain/application/domain-names.ts'
import { AppError } from '../domain/errors.ts'
import { requireScope } from './accounts.ts'
import { notFound, type Caller, type Services } from './context.ts'

export interface NameFilter {
  readonly of: 'account' | 'installation'
  readonly accountId?: string | undefined
  readonly name?: string | undefined
  /** The last name of the page before. */
  readonly cursor?: string | undefined
  readonly limit: number
}

/** @throws AppError `forbidden` for names of others without the operator's permission, `badDomain` */
export async function listNames(services: Services, caller: Caller, filter: NameFilter) {
  const { of, accountId, cursor, limit } = filter
  const isForeign = of === 'installation' || (accountId ?? caller.accountId) !== caller.accountId
  if (isForeign) requireScope(caller, 'installation:operate')
  const owner = accountId ?? (of === 'account' ? caller.accountId : null)
  const name = filter.name === undefined ? null : parseDomainName(filter.name).base
  const below = `.${name ?? ''}`
  const rows = await services.db
    .selectFrom('name_claim')
    .selectAll()
    .$if(owner !== null, (query) => query.where('account_id', '=', owner ?? ''))
    .$if(name !== null, (query) => query.where(sql<SqlBool>`(name = ${name} or right(name, ${below.length}::int) = ${below})`))
    .$if(cursor !== undefined, (query) => query.where('name', '>', cursor ?? ''))
    .orderBy('name')
    .limit(limit + 1)
    .execute()
  const items = rows.slice(0, limit).map(toView)
  return { items, nextCursor: rows.length > limit ? (items.at(-1)?.name ?? null) : null }
}

/**
 * From now on the name is this account's, with the names below that have no claim of their own. Idempotent. Certificates that another
 * account has for it stay; it gets no more of them.
 *
 * @throws AppError `badDomain`, `notFound` (account)
 */
export async function assignName(
  services: Services,
  caller: Caller,
  wish: { readonly name: string; readonly accountId: string },
): Promise<NameClaimView> {
  requireScope(caller, 'installation:operate')
  const name = parseDomainName(wish.name).base
  const { accountId } = wish
  const now = services.now()
  return services.db.transaction().execute(async (trx) => {
    const account = await trx.selectFrom('account').select('id').where('id', '=', accountId).executeTakeFirst()
    if (account === undefined) throw notFound('account', accountId)
    const before = await lockClaim(trx, name)
    const values = { account_id: accountId, how: 'assigned' as const, application_id: null, proved_at: new Date(now) }
    const row = await trx
      .insertInto('name_claim')
      .values({ name, ...values })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
      .returningAll()
      .executeTakeFirstOrThrow()
    // Whoever loses a name is told that, and not to whom.
    if (before !== undefined && before.account_id !== accountId)
      await record(trx, caller, { now, name, accountId: before.account_id, from: before.how, to: 'taken' })
    await record(trx, caller, {
      now,
      name,
      accountId,
      from: before?.account_id === accountId ? before.how : null,
      to: 'assigned',
    })
    return toView(row)
  })
}

/**
 * Gives a name up: the next account that proves it holds it.
 *
 * @throws AppError `badDomain`, `inUse` (the owner, while a valid certificate or an application has it), `notFound`
 */
export async function releaseName(services: Services, caller: Caller, raw: string): Promise<NameClaimView> {
  const name = parseDomainName(raw).base
  const isOperator = caller.scopes.has('installation:operate')
  const now = services.now()
  return services.db.transaction().execute(async (trx) => {
    const row = await lockClaim(trx, name)
    if (row === undefined || (row.account_id !== caller.accountId && !isOperator)) throw notFound('name', name)
    if (!isOperator) await refuseIfUsed(trx, caller.accountId, name, now)
    await trx.deleteFrom('name_claim').where('name', '=', name).execute()
    await record(trx, caller, { now, name, accountId: row.account_id, from: row.how, to: 'released' })
    return toView(row)
  })
}

function lockClaim(trx: Trx, name: string) {
  return trx.selectFrom('name_claim').selectAll().where('name', '=', name).forUpdate().executeTakeFirst()
}

async function refuseIfUsed(trx: Trx, accountId: string, name: string, now: number): Promise<void> {
  const wanted = [name, `*.${name}`]
  const { rows } = await sql<{ id: string }>`
    select certificate.id from certificate join issuance on issuance.certificate_id = certificate.id
      where certificate.account_id = ${accountId} and certificate.origin = 'purchased' and certificate.revoked_at is null
        and issuance.not_after > ${new Date(now)}::timestamptz and issuance.names && ${wanted}
    union all
    select certificate_id from application
      where account_id = ${accountId} and state in ('pendingValidation', 'inReview') and identifiers && ${wanted}
    limit 1`.execute(trx)
  const [used] = rows
  if (used === undefined) return
  throw new AppError(
    'inUse',
    `Releasing ${name}: ${used.id} has it: revoke that certificate, let it expire, or withdraw its application first.`,
    { facts: { certificateId: used.id } },
  )
}

interface Change {
  readonly now: number
  readonly name: string
  readonly accountId: string
  readonly from: string | null
  readonly to: string
}

function record(trx: Trx, { actor }: Caller, { now, name, accountId, from, to }: Change): Promise<void> {
  const facts = { accountId, certificateId: null, actor, now }
  return recordHistory(trx, { ...facts, subject: 'name', subjectId: name, fromState: from, toState: to })
}

function toView(row: Selectable<NameClaimTable>): NameClaimView {
  return {
    name: row.name,
    accountId: row.account_id,
    how: row.how,
    at: row.proved_at.toISOString(),
    applicationId: row.application_id,
  }
}
