/**
 * PGlite that prepares each statement once. As it comes, PGlite sends every query as six messages one by one, and PostgreSQL reads and
 * plans its text anew each time; here a repeated statement is one message that runs the stored plan.
 *
 * @module
 */
import { parse, PGlite, protocol, types, type QueryOptions, type Results, type Transaction } from '@electric-sql/pglite'

interface Statement {
  /** Null for a statement that is planned anew each time. */
  readonly name: string | null
  /** Type oids, one for each parameter. */
  readonly parameterTypes: readonly number[]
  /** What tells the names and types of the columns; null when nothing comes back. */
  readonly columns: Message | null
}

type Message = Parameters<typeof parse.parseResults>[0][number]

/** More than the service has; one is some 20 KiB in the database's memory. */
const MAX_STATEMENTS = 300
/** PostgreSQL keeps a plan although the tables grow, and here nothing ever analyses them: plans are made anew after so many queries. */
const QUERIES_PER_PLAN = 4000
const REPEATED = /^\s*(select|insert|update|delete|with)\b/i
/** `on conflict (…) where state = $1` finds its index only while the value is known: a plan for any value cannot. */
const PLANNED_EACH_TIME = /\bon\s+conflict\s*\([^)]*\)\s*where\b(?:(?!\bdo\b)[^;])*\$\d/i
const CHANGES_SCHEMA = /\b(create|alter|drop)\b/i

export class PreparingPGlite extends PGlite {
  readonly #statements = new Map<string, Statement>()
  /** Texts that were sent once: what comes but once is not worth preparing. */
  readonly #seen = new Set<string>()
  #lastName = 0
  #queriesSincePlans = 0

  override async query<Row>(text: string, values: unknown[] = [], options?: QueryOptions): Promise<Results<Row>> {
    if (this.#isWorthPreparing(text, options)) return this._runExclusiveTransaction(() => this.#run<Row>(text, values))
    if (this.#makesStale(text)) await this._runExclusiveTransaction(() => this.#forgetAll())
    return super.query<Row>(text, values, options)
  }

  override async exec(...[text, options]: Parameters<PGlite['exec']>): ReturnType<PGlite['exec']> {
    if (this.#makesStale(text)) await this._runExclusiveTransaction(() => this.#forgetAll())
    return super.exec(text, options)
  }

  override transaction<Value>(work: (trx: Transaction) => Promise<Value>): Promise<Value> {
    return super.transaction((trx) => work(this.#preparing(trx)))
  }

  #preparing(trx: Transaction): Transaction {
    return {
      query: async <Row>(text: string, values: unknown[] = [], options?: QueryOptions) => {
        if (!trx.closed && this.#isWorthPreparing(text, options)) return this.#run<Row>(text, values)
        if (this.#makesStale(text)) await this.#forgetAll()
        return trx.query<Row>(text, values, options)
      },
      sql: (strings, ...values) => trx.sql(strings, ...(values as unknown[])),
      exec: async (text, options) => {
        if (this.#makesStale(text)) await this.#forgetAll()
        return trx.exec(text, options)
      },
      rollback: () => trx.rollback(),
      listen: (channel, callback) => trx.listen(channel, callback),
      get closed() {
        return trx.closed
      },
    }
  }

  #isWorthPreparing(text: string, options: QueryOptions | undefined): boolean {
    const isPlain =
      options === undefined || Object.keys(options).every((name) => name === 'rowMode' && options[name] === 'object')
    if (!isPlain) return false
    if (this.#statements.has(text)) return true
    if (!REPEATED.test(text)) return false
    if (this.#seen.delete(text)) return true
    if (this.#seen.size === MAX_STATEMENTS) this.#seen.clear()
    this.#seen.add(text)
    return false
  }

  /** A changed table may change what a statement means or gives. */
  #makesStale(text: string): boolean {
    return this.#statements.size > 0 && CHANGES_SCHEMA.test(text)
  }

  async #forgetAll(): Promise<void> {
    this.#statements.clear()
    await this._runExclusiveQuery(() => this.#send([protocol.serialize.query('deallocate all')]))
  }

  /** The caller holds the lock that keeps other transactions away. */
  #run<Row>(text: string, values: readonly unknown[]): Promise<Results<Row>> {
    return this._runExclusiveQuery(async () => {
      const statement = this.#recall(text) ?? (await this.#prepare(text))
      const { name, columns } = statement
      const { serialize } = protocol
      const messages = await this.#send([
        ...(name === null ? [serialize.parse({ text, types: [...statement.parameterTypes] })] : []),
        serialize.bind({ ...(name !== null && { statement: name }), values: this.#encode(statement, values) }),
        serialize.execute({}),
        serialize.sync(),
      ])
      const [result] = parse.parseResults(columns === null ? messages : [columns, ...messages], this.parsers)
      return result as Results<Row>
    })
  }

  #encode({ parameterTypes }: Statement, values: readonly unknown[]): (string | Uint8Array | null)[] {
    return values.map((value, index) => {
      const type = parameterTypes[index] ?? types.TEXT
      if (value === null || value === undefined) return null
      if (type === types.BYTEA && value instanceof Uint8Array) return value
      const serialize = this.serializers[type] ?? this.serializers[types.TEXT]
      return serialize === undefined ? null : (serialize(value) as string)
    })
  }

  /** Keeps the order of use: the one that was not used for longest is forgotten first. */
  #recall(text: string): Statement | null {
    const statement = this.#statements.get(text)
    if (statement === undefined) return null
    this.#statements.delete(text)
    this.#statements.set(text, statement)
    return statement
  }

  async #prepare(text: string): Promise<Statement> {
    const { serialize } = protocol
    const name = PLANNED_EACH_TIME.test(text) ? null : `s${(this.#lastName += 1)}`
    const named = name === null ? {} : { name }
    const messages = await this.#send([
      serialize.parse({ ...named, text }),
      serialize.describe({ type: 'S', ...named }),
      serialize.sync(),
    ])
    const statement = {
      name,
      parameterTypes: parse.parseDescribeStatementResults(messages),
      columns: messages.find((message) => message.name === 'rowDescription') ?? null,
    }
    this.#statements.set(text, statement)
    await this.#forgetOldest()
    return statement
  }

  async #forgetOldest(): Promise<void> {
    if (this.#statements.size <= MAX_STATEMENTS) return
    const [oldest] = this.#statements
    if (oldest === undefined) return
    const [text, { name }] = oldest
    this.#statements.delete(text)
    if (name !== null) await this.#send([protocol.serialize.close({ type: 'S', name }), protocol.serialize.sync()])
  }

  async #send(messages: readonly Uint8Array[]): Promise<Message[]> {
    this.#queriesSincePlans += 1
    if (this.#queriesSincePlans > QUERIES_PER_PLAN && !this.isInTransaction()) {
      this.#queriesSincePlans = 0
      await this.execProtocolStream(protocol.serialize.query('discard plans'), { syncToFs: false })
    }
    return this.execProtocolStream(Buffer.concat(messages), { syncToFs: false })
  }
}
