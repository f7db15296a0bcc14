/**
 * The one connection to the embedded database: transactions take turns, and each statement is prepared once. PGlite's own client sends every
 * query as six messages one by one, and PostgreSQL reads and plans its text anew each time; here a repeated statement is one message that
 * runs the stored plan.
 *
 * The database answers in the order in which it is asked. So nobody waits for an answer whose content decides nothing: a transaction begins
 * with its first statement, and the next one may be sent as soon as the commit of this one was.
 *
 * @module
 */
import { types } from '@electric-sql/pglite'
import { serialize } from 'pg-protocol'
import { encodeArray } from './binary-array.ts'
import {
  isRolledBack,
  readAllResults,
  readColumns,
  readParameterTypes,
  readResults,
  refuseError,
  type Column,
  type Message,
  type Results,
} from './embedded-results.ts'
import type { EmbeddedWire } from './embedded-wire.ts'
import { Turns } from './turns.ts'

interface Statement {
  /** Null for a statement that is planned anew each time. */
  readonly name: string | null
  /** Type oids, one for each parameter. */
  readonly parameterTypes: readonly number[]
  /** None when nothing comes back. */
  readonly columns: readonly Column[]
}

/** A statement that was sent: its answer comes. */
interface Sent {
  readonly columns: readonly Column[]
  readonly answer: Promise<Message[]>
}

/** What Kysely and pg-boss see of a transaction. */
export interface EmbeddedTransaction {
  query<Row>(text: string, values?: readonly unknown[]): Promise<Results<Row>>
  /** Resolves when the statement was sent. What it fails with, as `refusal` puts it, is what the transaction fails with. */
  send(text: string, values: readonly unknown[], refusal: (error: unknown) => unknown): Promise<void>
  rollback(): Promise<void>
}

/** More than the service has; one is some 20 KiB in the database's memory. */
const MAX_STATEMENTS = 300
/**
 * PostgreSQL keeps a plan although the tables grow: plans are made anew after so many queries, and after twice as many each time, as tables
 * grow slower for their size; making all of them takes as long as five renewals.
 */
const FIRST_QUERIES_PER_PLAN = 4000
const MAX_QUERIES_PER_PLAN = 64_000
const REPEATED = /^\s*(select|insert|update|delete|with)\b/i
/** `on conflict (…) where state = $1` finds its index only while the value is known: a plan for any value cannot. */
const PLANNED_EACH_TIME = /\bon\s+conflict\s*\([^)]*\)\s*where\b(?:(?!\bdo\b)[^;])*\$\d/i
const CHANGES_SCHEMA = /\b(create|alter|drop)\b/i
/** Of PostgreSQL: in_failed_sql_transaction. */
const ABORTED = '25P02'

const BEGIN = serialize.query('BEGIN')
const COMMIT = serialize.query('COMMIT')
const ROLLBACK = serialize.query('ROLLBACK')

export class EmbeddedConnection {
  readonly ready = true
  readonly waitReady = Promise.resolve()
  readonly #wire: EmbeddedWire
  readonly #turns = new Turns()
  readonly #statements = new Map<string, Statement>()
  /** Texts that were sent once: what comes but once is not worth preparing. */
  readonly #seen = new Set<string>()
  /** Bytes are in PostgreSQL's binary form. */
  readonly #serializers: Record<number, (value: unknown) => string | Buffer | null> = { ...types.serializers }
  readonly #parsers: Record<number, types.Parser> = {
    ...types.parsers,
    // Like pg, and quicker than PGlite's own, which reads digit by digit.
    [types.BYTEA]: (text: string) => Buffer.from(text.slice(2), 'hex'),
  }
  #lastName = 0
  #queriesSincePlans = 0
  #queriesPerPlan = FIRST_QUERIES_PER_PLAN
  /** A transaction was begun, and the database does not know it yet. */
  #isBeginDue = false
  #isInTransaction = false
  #closed = false

  private constructor(wire: EmbeddedWire) {
    this.#wire = wire
  }

  static async open(wire: EmbeddedWire): Promise<EmbeddedConnection> {
    const connection = new EmbeddedConnection(wire)
    await connection.#learnArrays()
    return connection
  }

  get closed(): boolean {
    return this.#closed
  }

  /** One statement, in a transaction of its own. @throws DatabaseError with PostgreSQL's code */
  async query<Row>(text: string, values: readonly unknown[] = []): Promise<Results<Row>> {
    const sent = await this.#turns.take(async () => {
      this.#renewPlans()
      return this.#start(text, values)
    })
    return this.#read<Row>(sent)
  }

  /** Statements without parameters; one alone is prepared as in {@link query}. What they leave open of a transaction is rolled back. @throws DatabaseError with PostgreSQL's code */
  async exec(text: string): Promise<Results<unknown>[]> {
    if (REPEATED.test(text) && !text.includes(';')) return [await this.query(text)]
    const { answer } = await this.#turns.take(async () => {
      if (this.#makesStale(text)) await this.#forgetAll()
      return { answer: this.#wire.send([serialize.query(text)], true) }
    })
    return readAllResults(refuseError(await answer), this.#parsers)
  }

  /** Commits when the work is done, rolls back when it fails. @throws DatabaseError `25P02` when nothing of it was committed */
  async transaction<Value>(work: (trx: EmbeddedTransaction) => Promise<Value>): Promise<Value> {
    const sentLater: Promise<void>[] = []
    /** What those failed with: the first made the others fail. */
    const failed: unknown[] = []
    const { value, end } = await this.#turns.take(async () => {
      this.#renewPlans()
      this.#isBeginDue = true
      this.#isInTransaction = true
      let isOpen = true
      /** What fails behind a failure fails for it. */
      const orReason = async <Result>(asked: Promise<Result>): Promise<Result> => {
        try {
          return await asked
        } catch (error) {
          await Promise.all(sentLater)
          throw failed.length > 0 ? failed[0] : error
        }
      }
      const start = (text: string, values: readonly unknown[], isAwaited = true): Promise<Sent> => {
        if (!isOpen) throw new Error('The transaction has ended.')
        return orReason(this.#start(text, values, isAwaited))
      }
      const query = async <Row>(text: string, values: readonly unknown[] = []): Promise<Results<Row>> =>
        orReason(this.#read<Row>(await start(text, values)))
      const send = async (text: string, values: readonly unknown[], refusal: (error: unknown) => unknown): Promise<void> => {
        const { answer } = await start(text, values, false)
        sentLater.push(
          answer.then(refuseError).then(
            () => {},
            (error: unknown) => void failed.push(refusal(error)),
          ),
        )
      }
      const finish = (message: Uint8Array): Promise<Message[]> => {
        isOpen = false
        this.#isInTransaction = false
        const hasBegun = !this.#isBeginDue
        this.#isBeginDue = false
        return hasBegun ? this.#wire.send([message]) : Promise.resolve([])
      }
      const rollback = async (): Promise<void> => {
        if (isOpen) await finish(ROLLBACK)
      }
      try {
        const done = await work({ query, send, rollback })
        return { value: done, end: isOpen ? finish(COMMIT) : Promise.resolve([]) }
      } catch (error) {
        await rollback()
        throw error
      }
    })
    const answer = refuseError(await end)
    await Promise.all(sentLater)
    if (failed.length > 0) throw failed[0]
    if (isRolledBack(answer))
      throw Object.assign(new Error('The transaction was rolled back: one of its statements had failed.'), { code: ABORTED })
    return value
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#turns.take(async () => {
      this.#closed = true
      await this.#wire.close()
    })
  }

  async #learnArrays(): Promise<void> {
    const { rows } = await this.query<{ oid: number; typarray: number }>(
      'select oid, typarray from pg_catalog.pg_type where typarray <> 0',
    )
    for (const { oid, typarray } of rows) {
      const toText = (value: unknown) => types.arraySerializer(value, types.serializers[oid], typarray) as string
      const isPlain = oid === types.TEXT || oid === types.BYTEA
      this.#serializers[typarray] = isPlain ? (value) => encodeArray(value, oid) ?? toText(value) : toText
      this.#parsers[typarray] = (text: string) =>
        types.arrayParser(text, this.#parsers[oid] ?? ((element: string) => element), typarray) as unknown
    }
  }

  async #read<Row>({ columns, answer }: Sent): Promise<Results<Row>> {
    return readResults(refuseError(await answer), columns)
  }

  /** Resolves when the statement was sent. Whoever calls holds the turn. */
  async #start(text: string, values: readonly unknown[], isAwaited = true): Promise<Sent> {
    const statement = this.#recall(text) ?? (await this.#prepare(text))
    const { name, columns } = statement
    const statementMessages = [
      ...(name === null ? [serialize.parse({ name: '', text, types: [...statement.parameterTypes] })] : []),
      serialize.bind({ ...(name !== null && { statement: name }), values: this.#encode(statement, values) }),
      serialize.execute(),
      serialize.sync(),
    ]
    return { columns, answer: this.#send(statementMessages, isAwaited) }
  }

  #encode({ parameterTypes }: Statement, values: readonly unknown[]): (string | Buffer | null)[] {
    return values.map((value, index) => {
      const type = parameterTypes[index] ?? types.TEXT
      if (value === null || value === undefined) return null
      if (type === types.BYTEA && value instanceof Uint8Array) return asBuffer(value)
      const toText = this.#serializers[type] ?? this.#serializers[types.TEXT]
      return toText === undefined ? null : toText(value)
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
    if (this.#makesStale(text)) await this.#forgetAll()
    const isKept = this.#isWorthKeeping(text)
    const name = isKept && !PLANNED_EACH_TIME.test(text) ? `s${(this.#lastName += 1)}` : null
    const described = refuseError(
      await this.#send([
        serialize.parse({ name: name ?? '', text, types: [] }),
        serialize.describe({ type: 'S', name: name ?? '' }),
        serialize.sync(),
      ]),
    )
    const statement = {
      name,
      parameterTypes: readParameterTypes(described),
      columns: readColumns(described, this.#parsers),
    }
    if (isKept) this.#keep(text, statement)
    return statement
  }

  #isWorthKeeping(text: string): boolean {
    if (!REPEATED.test(text)) return false
    if (this.#seen.delete(text)) return true
    if (this.#seen.size === MAX_STATEMENTS) this.#seen.clear()
    this.#seen.add(text)
    return false
  }

  #keep(text: string, statement: Statement): void {
    this.#statements.set(text, statement)
    if (this.#statements.size <= MAX_STATEMENTS) return
    const [oldest] = this.#statements
    if (oldest === undefined) return
    const [oldText, { name }] = oldest
    this.#statements.delete(oldText)
    if (name !== null) void this.#send([serialize.close({ type: 'S', name }), serialize.sync()]).catch(() => {})
  }

  /** A changed table may change what a statement means or gives. */
  #makesStale(text: string): boolean {
    return this.#statements.size > 0 && CHANGES_SCHEMA.test(text)
  }

  async #forgetAll(): Promise<void> {
    this.#statements.clear()
    await this.#send([serialize.query('deallocate all')])
  }

  /** Outside a transaction. */
  #renewPlans(): void {
    if (this.#queriesSincePlans <= this.#queriesPerPlan) return
    this.#queriesSincePlans = 0
    this.#queriesPerPlan = Math.min(2 * this.#queriesPerPlan, MAX_QUERIES_PER_PLAN)
    void this.#wire.send([serialize.query('discard plans')]).catch(() => {}) // the statement that follows fails the same way
  }

  async #send(messages: readonly Uint8Array[], isAwaited = true): Promise<Message[]> {
    this.#queriesSincePlans += 1
    const send = (all: readonly Uint8Array[]): Promise<Message[]> =>
      this.#isInTransaction && isAwaited ? this.#wire.sendAtOnce(all) : this.#wire.send(all)
    if (!this.#isBeginDue) return send(messages)
    this.#isBeginDue = false
    const answer = await send([BEGIN, ...messages])
    return answer.slice(answer.findIndex(({ name }) => name === 'readyForQuery') + 1)
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
