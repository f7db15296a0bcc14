/**
 * A domain name belongs to the account that proved it: asked when somebody applies, settled when the CA finds the name proved, and asked
 * again right before the CA signs.
 *
 * @module
 */
import { sql, type RawBuilder } from 'kysely'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { baseOf, decidingNames, ownershipOf, wildcardBases, type NameClaim } from '../domain/name/name-ownership.ts'

/** Names whose claims decide on the identifiers, as a JSON array: a column of a query that is made anyway. */
export function claimsColumn(identifiers: readonly string[]): RawBuilder<readonly NameClaim[]> {
  return sql<readonly NameClaim[]>`(select coalesce(json_agg(json_build_object(
      'name', claim.name, 'accountId', claim.account_id, 'how', claim.how)), '[]'::json)
    from name_claim as claim
    where claim.name = any(${decidingNames(identifiers)}) or claim.parent = any(${wildcardBases(identifiers)}))`
}

async function loadClaims(db: Db | Trx, identifiers: readonly string[]): Promise<readonly NameClaim[]> {
  const { rows } = await sql<{ claims: readonly NameClaim[] }>`select ${claimsColumn(identifiers)} as claims`.execute(db)
  return rows[0]?.claims ?? []
}

/** @throws AppError `nameOfAnotherAccount` */
export async function refuseNamesOfOthers(db: Db, identifiers: readonly string[], accountId: string): Promise<void> {
  refuseForeignNames(identifiers, await loadClaims(db, identifiers), accountId)
}

/** Does not say whose they are. @throws AppError `nameOfAnotherAccount` */
function refuseForeignNames(identifiers: readonly string[], claims: readonly NameClaim[], accountId: string): void {
  const foreign = identifiers.filter((identifier) => ownershipOf(identifier, claims, accountId) === 'foreign')
  if (foreign.length === 0) return
  throw new AppError(
    'nameOfAnotherAccount',
    `Applying for ${foreign.join(', ')}: another account of this installation proved the name, one above it, or one that the wildcard covers: ask the operator to assign it.`,
    { facts: { names: foreign } },
  )
}

/** @throws AppError `nameOfAnotherAccount`, `nameUnproved` */
export function requireClaims(identifiers: readonly string[], claims: readonly NameClaim[], accountId: string): void {
  refuseForeignNames(identifiers, claims, accountId)
  const unproved = identifiers.filter((identifier) => ownershipOf(identifier, claims, accountId) !== 'held')
  if (unproved.length === 0) return
  throw new AppError(
    'nameUnproved',
    `Having ${unproved.join(', ')} signed: this account gave no proof of its own for it: ask the operator to assign it, or apply again once the CA wants a new proof.`,
    { facts: { names: unproved } },
  )
}

export interface ProvedNames {
  readonly accountId: string
  readonly applicationId: string
  readonly identifiers: readonly string[]
  readonly now: number
}

/**
 * Claims what the application proved. Of two accounts at once the key lets one in; the other waits for its commit and is refused. A
 * challenge that was valid when the order came, or that another account was given as well, is no proof of this account.
 *
 * @throws AppError `nameOfAnotherAccount`, `nameUnproved`
 */
export async function claimProvedNames(trx: Trx, proved: ProvedNames): Promise<void> {
  const { accountId, applicationId, identifiers, now } = proved
  const bases = [...new Set(identifiers.map(baseOf))].sort() // one order for all, so that no two wait for each other
  const { rows } = await sql<{ name: string; claims: readonly NameClaim[] }>`
    with own as (
      select identifier as name from validation
      where application_id = ${applicationId} and account_id = ${accountId} and identifier = any(${bases})
      group by identifier
      having bool_and(not found_valid and not exists (
        select 1 from validation as other where other.ref = validation.ref and other.account_id <> validation.account_id))
    ), made as (
      insert into name_claim (name, account_id, how, application_id, proved_at)
      select name, ${accountId}, 'proved', ${applicationId}, ${new Date(now)}::timestamptz from own order by name
      on conflict (name) do nothing returning name
    )
    select made.name, ${claimsColumn(identifiers)} as claims from (select 1) as one left join made on true`.execute(trx)
  const before = rows[0]?.claims ?? []
  const made = rows.flatMap(({ name }) => (name === null ? [] : [{ name, accountId, how: 'proved' as const }]))
  refuseForeignNames(identifiers, before, accountId) // a name below another account's is not taken by proving it
  const claims = [...before, ...made]
  // A claim that was committed while this statement waited is not in what it saw.
  if (identifiers.some((identifier) => ownershipOf(identifier, claims, accountId) !== 'held')) return settleUnclaimed(trx, proved)
}

/** Only where something is missing. Who is alone in the installation takes nothing from anybody. */
async function settleUnclaimed(trx: Trx, { accountId, applicationId, identifiers, now }: ProvedNames): Promise<void> {
  const claims = await loadClaims(trx, identifiers)
  refuseForeignNames(identifiers, claims, accountId)
  const accounts = await trx.selectFrom('account').select('id').limit(2).execute()
  if (accounts.length > 1) return requireClaims(identifiers, claims, accountId)
  await trx
    .insertInto('name_claim')
    .values(
      [...new Set(identifiers.map(baseOf))].map((name) => ({
        name,
        account_id: accountId,
        how: 'proved' as const,
        application_id: applicationId,
        proved_at: new Date(now),
      })),
    )
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute()
}
