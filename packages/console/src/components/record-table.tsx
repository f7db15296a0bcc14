/**
 * A light table of records; cards where there is no room for one. The first column names the record.
 *
 * @module
 */
import type { ReactNode } from 'react'
import { NARROW, useMedia } from '../app/preferences.ts'
import './record-table.css'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  readonly render: (row: Row) => ReactNode
  /**
   * Numbers stand at the right, so that their digits are below each other. A name, of the first column alone, is bold. `wide` is left out of a
   * table that is narrow.
   */
  readonly kind?: 'name' | 'number' | 'wide' | 'actions'
}

interface RecordTableProps<Row> {
  /** What the table holds, for those who hear the page. */
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
}

export function RecordTable<Row>(props: RecordTableProps<Row>) {
  return useMedia(NARROW) ? <Cards {...props} /> : <Table {...props} />
}

function Table<Row>({ label, columns, rows, rowKey }: RecordTableProps<Row>) {
  return (
    <div className="records-frame">
      <table className="records" aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ key, title, kind }) => (
              <th key={key} scope="col" data-kind={kind}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} data-row={rowKey(row)}>
              {columns.map(({ key, render, kind }, index) =>
                index === 0 ? (
                  <th key={key} scope="row" data-kind={kind}>
                    {render(row)}
                  </th>
                ) : (
                  <td key={key} data-kind={kind}>
                    {kind === 'actions' ? <div className="record-actions">{render(row)}</div> : render(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Cards<Row>({ label, columns, rows, rowKey }: RecordTableProps<Row>) {
  const [head, ...others] = columns
  return (
    <ul className="record-cards" aria-label={label}>
      {rows.map((row) => (
        <li key={rowKey(row)} data-row={rowKey(row)}>
          <div className={head?.kind === 'name' ? 'record-name' : 'record-head'}>{head?.render(row)}</div>
          <dl>
            {others.map(({ key, title, render, kind }) => (
              <div key={key} data-kind={kind}>
                <dt>{title}</dt>
                <dd className={kind === 'actions' ? 'record-actions' : undefined}>{render(row)}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  )
}
