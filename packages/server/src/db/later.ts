/**
 * Writes whose answer decides nothing within their transaction. The embedded database has the caller go on while it runs them; PostgreSQL
 * answers each as ever. Either way one that is refused fails the whole transaction, at the latest when it commits.
 *
 * @module
 */
import { sql, type Compilable, type CompiledQuery, type Kysely, type OperationNodeSource, type RawBuilder } from 'kysely'
import type { Tables } from './tables.ts'

/** What is told instead of the database's own error. */
export type Refusal = (error: unknown) => unknown

/** Of PostgreSQL. */
const DIVISION_BY_ZERO = '22012'
const UNIQUE_VIOLATION = '23505'
const DEADLOCK_DETECTED = '40P01'

const refusals = new WeakMap<CompiledQuery, Refusal>()
const asItIs: Refusal = (error) => error

/**
 * Resolves when the write is on its way. Nothing in the transaction may depend on how many rows it changed: a statement that must change
 * one has to fail by itself when it does not.
 *
 * @throws what `refusal` makes of the database's error; here, at a later statement of the transaction, or at its commit
 */
export async function writeLater(
  trx: Kysely<Tables>,
  write: CompiledQuery | Compilable,
  refusal: Refusal = asItIs,
): Promise<void> {
  const query = 'sql' in write ? write : write.compile()
  refusals.set(query, refusal)
  try {
    await trx.executeQuery(query)
  } catch (error) {
    throw refusal(error)
  }
}

/**
 * A write that must change one row, neither none nor more: otherwise the transaction fails with what `otherwise` gives, or for another error `refusal`.
 *
 * @param change with `returning` something
 * @throws as {@link writeLater} says
 */
export async function changeOne(
  trx: Kysely<Tables>,
  change: OperationNodeSource,
  otherwise: () => Error,
  refusal: Refusal = asItIs,
): Promise<void> {
  // Nothing else in the statement divides.
  const write = sql`with changed as (${change}) select 1 / (count(*) = 1)::int from changed`
  await writeLater(trx, write.compile(trx), orElse(otherwise, refusal))
}

/**
 * Something that must be true when the transaction comes to it: otherwise the transaction fails with what `otherwise` gives.
 *
 * @param condition divides nothing; null is not true
 * @param parts what it is about, as `with` takes it: may write
 * @throws as {@link writeLater} says
 */
export async function requireTrue(
  trx: Kysely<Tables>,
  condition: RawBuilder<boolean>,
  otherwise: () => Error,
  parts?: RawBuilder<unknown>,
): Promise<void> {
  const begin = parts === undefined ? sql`` : sql`with ${parts} `
  await writeLater(trx, sql`${begin}select 1 / ((${condition}) is true)::int`.compile(trx), orElse(otherwise))
}

function orElse(otherwise: () => Error, refusal: Refusal = asItIs): Refusal {
  return (error) => (codeOf(error) === DIVISION_BY_ZERO ? otherwise() : refusal(error))
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code
}

/** The unique index that has another row already; null for any other error. Who is to come second is refused by it, so nobody has to look before. */
export function violatedIndex(error: unknown): string | null {
  return codeOf(error) === UNIQUE_VIOLATION ? String((error as { constraint?: unknown }).constraint) : null
}

/** Of transactions that wait for each other PostgreSQL ends one, of which nothing is left: it may be done again. */
export function isDeadlock(error: unknown): boolean {
  return codeOf(error) === DEADLOCK_DETECTED
}

/**
 * Resolves when all that the transaction wrote so far is done: for who must know before it goes on whether something was refused.
 *
 * @throws what was refused
 */
export async function settle(trx: Kysely<Tables>): Promise<void> {
  await sql`select`.execute(trx)
}

/** Null for a query whose answer is awaited. */
export function refusalOf(query: CompiledQuery): Refusal | null {
  return refusals.get(query) ?? null
}
