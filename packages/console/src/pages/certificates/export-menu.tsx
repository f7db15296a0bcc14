/**
 * The list as a file: all that the filter meets, in the order of the list, not only what is shown.
 *
 * @module
 */
import { EXPORT_FORMATS } from '@evercert/contract'
import DownloadOutlined from '@ant-design/icons/es/icons/DownloadOutlined'
import Button from 'antd/es/button'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { DropMenu } from '../../components/drop-menu.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { useListExport } from './use-list-export.ts'

export const ExportMenu = memo(() => {
  const { t } = useTranslation()
  const { start, again, isPending, isSuccess, error, count } = useListExport()
  const items = EXPORT_FORMATS.map((format) => ({
    key: format,
    label: t(`bulk.exports.${format}`),
    onClick: () => start(format, null),
  }))
  return (
    <>
      <span className="muted" role="status">
        {isPending && t('bulk.exporting', { count })}
        {isSuccess && t('bulk.exported', { count })}
      </span>
      <DropMenu menu={{ items }} disabled={isPending}>
        <Button icon={<DownloadOutlined />} loading={isPending} aria-haspopup="menu">
          {t('certificates.export')}
        </Button>
      </DropMenu>
      {error !== null && (
        <div className="filter-problem">
          <ProblemNotice error={error} onRetry={again} />
        </div>
      )}
    </>
  )
})
