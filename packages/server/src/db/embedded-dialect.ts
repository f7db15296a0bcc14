/**
 * The embedded database for Kysely. Kysely's own dialect for PGlite lets one caller at a time near the database and wakes all who wait for each
 * turn; here the connection itself keeps the order (prepared-statements.ts), so that what is asked is under way while others wait for replies.
 *
 * @module
 */
import {
  AbortedTransactionError,
  CompiledQuery,
  PGliteAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  type TransactionSettings,
} from 'kysely'
import { refusalOf } from './later.ts'
import type { EmbeddedConnection, EmbeddedTransaction } from './prepared-statements.ts'

/** A dialect on an open connection, which `destroy()` closes. */
export function embeddedDialect(embedded: EmbeddedConnection): Dialect {
  return {
    createAdapter: () => new EmbeddedAdapter(),
    createDriver: () => new EmbeddedDriver(embedded),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
}

class EmbeddedAdapter extends PGliteAdapter {
  /** To Kysely it looks like many: it need not hold anybody back. */
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class EmbeddedDriver implements Driver {
  readonly #embedded: EmbeddedConnection

  constructor(embedded: EmbeddedConnection) {
    this.#embedded = embedded
  }

  init(): Promise<void> {
    return Promise.resolve()
  }

  acquireConnection(): Promise<Caller> {
    return Promise.resolve(new Caller(this.#embedded))
  }

  async beginTransaction(caller: Caller, { isolationLevel, accessMode }: TransactionSettings): Promise<void> {
    await caller.begin()
    const modes = [isolationLevel && `isolation level ${isolationLevel}`, accessMode].filter((mode) => mode !== undefined)
    if (modes.length > 0) await caller.executeQuery(CompiledQuery.raw(`set transaction ${modes.join(', ')}`))
  }

  commitTransaction(caller: Caller): Promise<void> {
    return caller.commit()
  }

  rollbackTransaction(caller: Caller): Promise<void> {
    return caller.rollback()
  }

  releaseConnection(): Promise<void> {
    return Promise.resolve()
  }

  async destroy(): Promise<void> {
    if (!this.#embedded.closed) await this.#embedded.close()
  }
}

/** One who asks, alone or within one transaction at a time. */
class Caller implements DatabaseConnection {
  readonly #embedded: EmbeddedConnection
  #open: { readonly transaction: EmbeddedTransaction; readonly end: () => void; readonly ended: Promise<void> } | null = null

  constructor(embedded: EmbeddedConnection) {
    this.#embedded = embedded
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { sql, parameters } = query
    const refusal = refusalOf(query)
    if (refusal !== null && this.#open !== null) {
      await this.#open.transaction.send(sql, parameters, refusal)
      return { rows: [] }
    }
    const { rows, affectedRows } = await (this.#open?.transaction ?? this.#embedded).query<Row>(sql, parameters)
    return { rows, ...(affectedRows !== undefined && { numAffectedRows: BigInt(affectedRows) }) }
  }

  // eslint-disable-next-line require-yield -- the interface asks for it
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('The embedded database does not stream: ask for pages.')
  }

  async begin(): Promise<void> {
    const begun = Promise.withResolvers<EmbeddedTransaction>()
    const work = Promise.withResolvers<void>()
    const ended = this.#embedded.transaction((transaction) => {
      begun.resolve(transaction)
      return work.promise
    })
    ended.catch(begun.reject) // before it began; later whoever ends it is told
    this.#open = { transaction: await begun.promise, end: work.resolve, ended }
  }

  /** @throws AbortedTransactionError when a statement had failed, and nothing was committed */
  async commit(): Promise<void> {
    try {
      await this.#end()
    } catch (error) {
      if (isAborted(error)) throw new AbortedTransactionError({ cause: error })
      throw error
    }
  }

  async rollback(): Promise<void> {
    try {
      await this.#open?.transaction.rollback()
    } finally {
      await this.#end()
    }
  }

  async #end(): Promise<void> {
    const open = this.#open
    this.#open = null
    open?.end()
    await open?.ended
  }
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '25P02'
}
