/**
 * Queries whose text is worked out once. Kysely builds and compiles a query each time that it runs; for the large ones that run several times
 * in every renewal this takes longer than the database does. PostgreSQL plans such a text once for each connection, too: a plan over a dozen
 * tables takes longer than reading fifty rows by it.
 *
 * @module
 */
import { CompiledQuery, type Compilable } from 'kysely'
import type { Db } from './connect.ts'
import { nameStatement } from './statement-names.ts'
import type { Trx } from './transition.ts'

/** A text, or several as an array of text. */
type Value = string | readonly string[]

/**
 * A query of named parameters that looks rows up by keys: one plan must fit all values.
 *
 * @param build builds the query once, with marks in the place of the parameters: it may not look at them
 * @returns runs it
 */
export function workedOut<Parameter extends string, Row>(
  parameters: readonly Parameter[],
  build: (db: Db | Trx, marks: Readonly<Record<Parameter, string>>) => Compilable<Row>,
): (db: Db | Trx, values: Readonly<Record<Parameter, Value>>) => Promise<Row[]> {
  const marks = Object.fromEntries(parameters.map((name) => [name, `\0${name}`])) as Record<Parameter, string>
  const namesByMark = new Map<unknown, Parameter>(parameters.map((name) => [marks[name], name]))
  let compiled: CompiledQuery<Row> | null = null
  return async (db, values) => {
    if (compiled === null) {
      compiled = build(db, marks).compile()
      nameStatement(compiled.sql)
    }
    const bound = compiled.parameters.map((parameter) => {
      const name = namesByMark.get(parameter)
      return name === undefined ? parameter : values[name]
    })
    return (await db.executeQuery<Row>(CompiledQuery.raw(compiled.sql, bound))).rows
  }
}
