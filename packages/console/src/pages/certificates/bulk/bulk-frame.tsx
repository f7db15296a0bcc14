/**
 * The dialog of an action on many: the plan with what is left out, the progress, the report. Closing it while it is under way begins
 * nothing more and shows what was done.
 *
 * @module
 */
import Button from 'antd/es/button'
import Modal from 'antd/es/modal'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { overlayPlace } from '../../../components/overlay-place.ts'
import { saveFile } from '../../../components/save-file.ts'
import './bulk.css'
import { LeftOutList } from './left-out-list.tsx'
import { reasonOf, Report } from './report.tsx'
import { reportCsv, type LeftOut } from './report-csv.ts'
import type { BulkItem } from './run-bulk.ts'
import type { BulkRun } from './use-bulk-run.ts'

interface BulkFrameProps<Item extends BulkItem> {
  /** Also in the name of the report. */
  readonly action: 'tag' | 'manage' | 'renew' | 'apply' | 'deploy'
  readonly title: string
  readonly run: BulkRun<Item>
  /** Null: not known yet. */
  readonly leftOut: readonly LeftOut[] | null
  readonly confirm: string
  readonly isReady: boolean
  readonly onConfirm: () => void
  readonly onClose: () => void
  /** What follows what succeeded. */
  readonly afterwards?: string
  /** The plan. */
  readonly children: ReactNode
}

const WIDTH = 760

export function BulkFrame<Item extends BulkItem>(props: BulkFrameProps<Item>) {
  const { title, run, leftOut, onClose, afterwards, children } = props
  const { phase } = run
  return (
    <Modal
      className="dialog bulk-dialog"
      title={title}
      open
      width={WIDTH}
      onCancel={phase === 'running' ? run.stop : onClose}
      mask={{ closable: false }}
      getContainer={overlayPlace}
      footer={<Buttons {...props} />}
    >
      {phase === 'plan' && (
        <>
          <LeftOutList leftOut={leftOut ?? []} />
          {children}
        </>
      )}
      {phase === 'running' && <Progress run={run} />}
      {phase === 'report' && (
        <Report
          items={run.items}
          outcomes={run.outcomes}
          leftOut={leftOut ?? []}
          {...(afterwards !== undefined && { afterwards })}
        />
      )}
    </Modal>
  )
}

function Buttons<Item extends BulkItem>({ action, run, leftOut, confirm, isReady, onConfirm, onClose }: BulkFrameProps<Item>) {
  const { t } = useTranslation()
  const { phase, isStopping, items, outcomes } = run
  if (phase === 'running') {
    return (
      <Button onClick={run.stop} loading={isStopping}>
        {isStopping ? t('bulk.stopping') : t('bulk.stop')}
      </Button>
    )
  }
  if (phase === 'plan') {
    return (
      <>
        <Button onClick={onClose}>{t('shell.cancel')}</Button>
        <Button type="primary" disabled={!isReady} onClick={onConfirm}>
          {confirm}
        </Button>
      </>
    )
  }
  const open = items.filter(({ id }) => outcomes.get(id)?.result !== 'done').length
  const hasFailed = [...outcomes.values()].some(({ result }) => result === 'failed')
  const save = (): void => {
    const rows = items.map((item) => {
      const outcome = outcomes.get(item.id) ?? null
      return { item, outcome, reason: outcome?.result === 'failed' ? reasonOf(outcome, t) : '' }
    })
    const name = `evercert-${action}-${new Date().toISOString().slice(0, 16).replaceAll(/[:T]/g, '-')}.csv`
    saveFile(name, new Blob([reportCsv(rows, leftOut ?? [])], { type: 'text/csv;charset=utf-8' }))
  }
  return (
    <>
      <Button onClick={save}>{t('bulk.saveReport')}</Button>
      {open > 0 && (
        <Button onClick={run.retry}>{hasFailed ? t('bulk.retry', { count: open }) : t('bulk.resume', { count: open })}</Button>
      )}
      <Button type="primary" onClick={onClose}>
        {t('shell.close')}
      </Button>
    </>
  )
}

function Progress<Item extends BulkItem>({ run: { items, outcomes, isStopping } }: { readonly run: BulkRun<Item> }) {
  const { t } = useTranslation()
  const failed = [...outcomes.values()].filter(({ result }) => result === 'failed').length
  return (
    <div className="bulk-progress">
      <p role="status">
        {t('bulk.progress', { done: outcomes.size, all: items.length })}
        {failed > 0 && ` ${t('bulk.failedSoFar', { count: failed })}`}
      </p>
      <progress max={items.length} value={outcomes.size} aria-label={t('bulk.progressLabel')} />
      <p className="muted">{isStopping ? t('bulk.stoppingText') : t('bulk.stopText')}</p>
    </div>
  )
}
