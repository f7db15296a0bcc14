/**
 * A page, or a part of one, that lists records of one kind: what was done last, the table, and what is true when it is empty.
 *
 * @module
 */
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { DoneNotice } from './done-notice.tsx'
import { EmptyList } from './page.tsx'
import { PageHead } from './page-head.tsx'
import { QueryView } from './query-view.tsx'
import { RecordTable, type Column } from './record-table.tsx'

interface RecordPanelProps<Row> {
  readonly label: string
  readonly query: UseQueryResult<{ readonly items: readonly Row[] }>
  readonly columns: readonly Column<Row>[]
  readonly rowKey: (row: Row) => string
  readonly empty: { readonly title: string; readonly text: string }
  /** Above the table. */
  readonly children?: ReactNode
}

export function RecordPanel<Row>({ label, query, columns, rowKey, empty, children }: RecordPanelProps<Row>) {
  return (
    <section className="panel" aria-label={label}>
      {children}
      <QueryView query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyList {...empty} />
          ) : (
            <RecordTable label={label} columns={columns} rows={items} rowKey={rowKey} />
          )
        }
      </QueryView>
    </section>
  )
}

interface RecordPageProps<Row> extends Omit<RecordPanelProps<Row>, 'label' | 'children'> {
  readonly title: string
  readonly intro: string
  readonly actions?: ReactNode
  readonly tabs?: ReactNode
  /** What was done last; null: nothing yet. */
  readonly done: string | null
  /** What follows from what was done. */
  readonly doneNext?: string
  /** The drawer in which a record is added or changed. */
  readonly children: ReactNode
}

export function RecordPage<Row>({ title, intro, actions, tabs, done, doneNext, children, ...panel }: RecordPageProps<Row>) {
  return (
    <>
      <PageHead title={title} intro={intro} actions={actions} />
      {tabs}
      <DoneNotice title={done}>{doneNext}</DoneNotice>
      <RecordPanel label={title} {...panel} />
      {children}
    </>
  )
}
