/**
 * A list of records: a table, or cards on a screen that has no room for one.
 *
 * @module
 */
import type { ReactNode } from 'react'
import { NARROW, useMedia } from '../app/preferences.ts'
import './data-table.css'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** `name` names the row, one column is; `actions` has no label on a card; `wide` is left out of a table that is narrow. */
  readonly role?: 'name' | 'actions' | 'wide'
}

export interface DataTableProps<Row> {
  /** What the rows are, for those who hear the page. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  return useMedia(NARROW) ? <Cards {...props} /> : <Table {...props} />
}

function Table<Row>({ label, columns, rows, keyOf }: DataTableProps<Row>) {
  return (
    <table className="data-table" aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ key, title, role }) => (
            <th key={key} scope="col" className={role === 'wide' ? 'data-wide' : undefined}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <Cell key={column.key} column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Cell<Row>({ column: { cell, role }, row }: { readonly column: Column<Row>; readonly row: Row }) {
  if (role === 'name')
    return (
      <th scope="row" className="break">
        {cell(row)}
      </th>
    )
  if (role === 'actions')
    return (
      <td>
        <div className="data-actions">{cell(row)}</div>
      </td>
    )
  return <td className={role === 'wide' ? 'data-wide break' : 'break'}>{cell(row)}</td>
}

function Cards<Row>({ label, columns, rows, keyOf }: DataTableProps<Row>) {
  const name = columns.find(({ role }) => role === 'name')
  const actions = columns.find(({ role }) => role === 'actions')
  const facts = columns.filter((column) => column !== name && column !== actions)
  return (
    <ul className="data-cards" aria-label={label}>
      {rows.map((row) => (
        <li key={keyOf(row)}>
          <div className="data-card-name break">{name?.cell(row)}</div>
          <dl>
            {facts.map(({ key, title, cell }) => (
              <div key={key} className="data-fact">
                <dt>{title}</dt>
                <dd>{cell(row)}</dd>
              </div>
            ))}
          </dl>
          {actions !== undefined && <div className="data-actions">{actions.cell(row)}</div>}
        </li>
      ))}
    </ul>
  )
}

/** Pairs of a name and a value; what is null is left out. */
export function Facts({ items }: { readonly items: readonly (readonly [string, ReactNode] | null)[] }) {
  return (
    <dl className="facts">
      {items.map((item) =>
        item === null ? null : (
          <div key={item[0]} className="data-fact">
            <dt>{item[0]}</dt>
            <dd>{item[1]}</dd>
          </div>
        ),
      )}
    </dl>
  )
}

/** Says what is true, and what to do first. */
export function EmptyState({
  title,
  text,
  action,
}: {
  readonly title: string
  readonly text?: string
  readonly action?: ReactNode
}) {
  return (
    <div className="empty-state">
      <p className="empty-state-title">{title}</p>
      {text !== undefined && <p className="empty-state-text">{text}</p>}
      {action}
    </div>
  )
}
