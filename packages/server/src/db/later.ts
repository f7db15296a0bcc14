/**
 * Writes whose answer decides nothing within their transaction. The embedded database has the caller go on while it runs them; PostgreSQL
 * answers each as ever. Either way one that is refused fails the whole transaction, at the latest when it commits.
 *
 * @module
 */
import { sql, type Compilable, type CompiledQuery, type Kysely, type OperationNodeSource } from 'kysely'
import type { Tables } from './tables.ts'

/** What is told instead of the database's own error. */
export type Refusal = (error: unknown) => unknown

/** Of PostgreSQL. */
const DIVISION_BY_ZERO = '22012'

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
 * A write that must change one row, neither none nor more: otherwise the transaction fails with what `otherwise` gives.
 *
 * @param change with `returning` something
 * @throws as {@link writeLater} says
 */
export async function changeOne(trx: Kysely<Tables>, change: OperationNodeSource, otherwise: () => Error): Promise<void> {
  // Nothing else in the statement divides.
  const write = sql`with changed as (${change}) select 1 / (count(*) = 1)::int from changed`
  await writeLater(trx, write.compile(trx), (error) => (codeOf(error) === DIVISION_BY_ZERO ? otherwise() : error))
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
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
