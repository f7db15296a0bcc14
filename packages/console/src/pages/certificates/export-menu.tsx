/**
 * The list as a file: all that the filter meets, in the order of the list, not only what is shown.
 *
 * @module
 */
import { EXPORT_FORMATS, type ExportFormat } from '@evercert/contract'
import DownloadOutlined from '@ant-design/icons/es/icons/DownloadOutlined'
import { useMutation } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { openListExport } from '../../api/client.ts'
import { DropMenu } from '../../components/drop-menu.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { saveFile } from '../../components/save-file.ts'
import { countLines } from './count-lines.ts'
import { readListState } from './list-query.ts'

const ENDINGS = { csv: 'csv', json: 'ndjson' } as const satisfies Record<ExportFormat, string>
const HEAD_LINES = { csv: 1, json: 0 } as const satisfies Record<ExportFormat, number>

/** What the list shows is what the address says: with it, nothing of this is drawn anew. */
export const ExportMenu = memo(() => {
  const { t } = useTranslation()
  const [count, setCount] = useState(0)
  const save = useMutation({
    mutationFn: async (format: ExportFormat) => {
      setCount(0)
      const body = await openListExport({ ...readListState(new URLSearchParams(location.search)), format })
      const counted = countLines(body, (lines) => setCount(Math.max(0, lines - HEAD_LINES[format])))
      // A file that broke off rejects here: nothing is saved that looks whole.
      const file = await new Response(counted as BodyInit).blob()
      saveFile(`certificates-${new Date().toISOString().slice(0, 10)}.${ENDINGS[format]}`, file)
    },
  })
  const items = EXPORT_FORMATS.map((format) => ({
    key: format,
    label: t(`bulk.exports.${format}`),
    onClick: () => save.mutate(format),
  }))
  return (
    <>
      <span className="muted" role="status">
        {save.isPending && t('bulk.exporting', { count })}
        {save.isSuccess && t('bulk.exported', { count })}
      </span>
      <DropMenu menu={{ items }} disabled={save.isPending}>
        <Button icon={<DownloadOutlined />} loading={save.isPending} aria-haspopup="menu">
          {t('certificates.export')}
        </Button>
      </DropMenu>
      {save.error !== null && (
        <div className="filter-problem">
          <ProblemNotice error={save.error} onRetry={() => save.mutate(save.variables ?? 'csv')} />
        </div>
      )}
    </>
  )
})
