/**
 * The selected certificates as a file, and how far it has come.
 *
 * @module
 */
import { EXPORT_FORMATS } from '@evercert/contract'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { DropMenu } from '../../../components/drop-menu.tsx'
import { ProblemNotice } from '../../../components/problem-notice.tsx'
import type { ListExport } from '../use-list-export.ts'

interface ExportSelectedProps {
  readonly ids: readonly string[]
  readonly save: ListExport
}

export function ExportSelected({ ids, save: { start, isPending } }: ExportSelectedProps) {
  const { t } = useTranslation()
  const items = EXPORT_FORMATS.map((format) => ({
    key: format,
    label: t(`bulk.exportsSelected.${format}`),
    onClick: () => start(format, ids),
  }))
  return (
    <DropMenu menu={{ items }} disabled={isPending} placement="topRight">
      <Button loading={isPending} aria-haspopup="menu">
        {t('certificates.export')}
      </Button>
    </DropMenu>
  )
}

/** Below the buttons. Some may be there no more: the file has what was. Of another selection nothing is said. */
export function ExportState({ ids, save: { asked, count, isPending, isSuccess, error, again } }: ExportSelectedProps) {
  const { t } = useTranslation()
  const all = asked?.length ?? 0
  const isDone = isSuccess && asked?.join() === ids.join()
  return (
    <>
      <div role="status" className="bulk-export" data-shown={isPending || isDone}>
        {isPending && (
          <>
            <span>{t('bulk.exportingSelected', { done: count, all })}</span>
            <progress max={all} value={count} aria-label={t('bulk.progressLabel')} />
          </>
        )}
        {isDone && <span>{count === all ? t('bulk.exported', { count }) : t('bulk.exportedFewer', { count, all })}</span>}
      </div>
      <ProblemNotice error={error} onRetry={again} />
    </>
  )
}
