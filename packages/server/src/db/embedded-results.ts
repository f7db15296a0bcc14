/**
 * What the embedded database answers: messages of PostgreSQL's protocol, made into rows.
 *
 * @module
 */
import { types } from '@electric-sql/pglite'
import {
  type BackendMessage,
  CommandCompleteMessage,
  DatabaseError,
  DataRowMessage,
  ParameterDescriptionMessage,
  RowDescriptionMessage,
} from 'pg-protocol/dist/messages.js'

export type Message = BackendMessage

export interface Results<Row> {
  readonly rows: Row[]
  /** Inserted, updated and deleted rows. */
  readonly affectedRows: number
}

export interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** How the types of the columns are read, by their oids; what is not here stays text. */
export type Parsers = Readonly<Record<number, types.Parser>>

const CHANGE = /^(?:INSERT|UPDATE|DELETE|MERGE|COPY)\b.*?(\d+)$/
const asItIs = (text: string): string => text

/** None when the statement gives no rows. */
export function readColumns(described: readonly Message[], parsers: Parsers): Column[] {
  const description = described.find((message) => message instanceof RowDescriptionMessage)
  if (description === undefined) return []
  return description.fields.map(({ name, dataTypeID }) => {
    const parser = parsers[dataTypeID]
    return { name, parse: parser === undefined ? asItIs : (text) => parser(text, dataTypeID) as unknown }
  })
}

/** Type oids, one for each parameter. */
export function readParameterTypes(described: readonly Message[]): readonly number[] {
  return described.find((message) => message instanceof ParameterDescriptionMessage)?.dataTypeIDs ?? []
}

/** The rows of one statement whose columns are known. */
export function readResults<Row>(answer: readonly Message[], columns: readonly Column[]): Results<Row> {
  const rows: Row[] = []
  let affectedRows = 0
  for (const message of answer) {
    if (message instanceof DataRowMessage) rows.push(readRow(message.fields as (string | null)[], columns) as Row)
    else if (message instanceof CommandCompleteMessage) affectedRows += changedRows(message)
  }
  return { rows, affectedRows }
}

/** The rows of each of several statements. */
export function readAllResults(answer: readonly Message[], parsers: Parsers): Results<unknown>[] {
  const results: Results<unknown>[] = []
  let begin = 0
  for (const [index, message] of answer.entries()) {
    if (!(message instanceof CommandCompleteMessage)) continue
    const own = answer.slice(begin, index + 1)
    results.push(readResults(own, readColumns(own, parsers)))
    begin = index + 1
  }
  return results
}

/** @throws DatabaseError the first in the answer */
export function refuseError(answer: Message[]): Message[] {
  for (const message of answer) if (message instanceof DatabaseError) throw message
  return answer
}

/** @returns whether a commit was answered with a rollback: one of the transaction's statements had failed */
export function isRolledBack(answer: readonly Message[]): boolean {
  return answer.some((message) => message instanceof CommandCompleteMessage && message.text === 'ROLLBACK')
}

function readRow(fields: readonly (string | null)[], columns: readonly Column[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  // `entries()` would make a pair for each value of each row.
  let index = 0
  for (const { name, parse } of columns) {
    const text = fields[index++] ?? null
    row[name] = text === null ? null : parse(text)
  }
  return row
}

/** `INSERT 0 3` says 3; `SELECT 3` changed nothing. */
function changedRows({ text }: CommandCompleteMessage): number {
  return Number(CHANGE.exec(text)?.[1] ?? 0)
}
