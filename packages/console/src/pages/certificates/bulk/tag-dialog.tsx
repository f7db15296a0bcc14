/**
 * Adding tags to many and removing tags from them.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import Form from 'antd/es/form'
import Select from 'antd/es/select'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../../api/client.ts'
import { keys } from '../../../api/keys.ts'
import { BulkFrame } from './bulk-frame.tsx'
import { toItem } from './to-item.ts'
import { useBulkRun } from './use-bulk-run.ts'

/** One transaction of the service, short enough that nobody else waits for it. */
const BATCH = 100

interface BulkDialogProps {
  readonly certificates: readonly CertificateView[]
  readonly onClose: () => void
}

export function TagDialog({ certificates, onClose }: BulkDialogProps) {
  const { t } = useTranslation()
  const [add, setAdd] = useState<readonly string[]>([])
  const [remove, setRemove] = useState<readonly string[]>([])
  const present = [...new Set(certificates.flatMap(({ tags }) => tags))].toSorted()
  const run = useBulkRun({
    concurrency: 1,
    batchSize: BATCH,
    work: async (batch) => {
      await api.certificates.tagMany({ ids: batch.map(({ certificateId }) => certificateId), add: [...add], remove: [...remove] })
    },
    changes: [keys.certificates],
  })
  const confirm = t('bulk.tagConfirm', { count: certificates.length })
  return (
    <BulkFrame
      action="tag"
      title={t('bulk.tagTitle', { count: certificates.length })}
      run={run}
      leftOut={[]}
      confirm={confirm}
      isReady={add.length + remove.length > 0}
      onConfirm={() => run.start(certificates.map(toItem))}
      onClose={onClose}
    >
      <Form layout="vertical">
        <Form.Item label={t('bulk.tagAdd')} htmlFor="bulk-tag-add" extra={t('bulk.tagHelp')}>
          <Select
            id="bulk-tag-add"
            mode="tags"
            value={[...add]}
            options={present.map((tag) => ({ value: tag, label: tag }))}
            tokenSeparators={[',', '，']}
            onChange={(wanted) => setAdd(cleaned(wanted))}
          />
        </Form.Item>
        <Form.Item label={t('bulk.tagRemove')} htmlFor="bulk-tag-remove">
          <Select
            id="bulk-tag-remove"
            mode="multiple"
            value={[...remove]}
            disabled={present.length === 0}
            placeholder={present.length === 0 ? t('bulk.tagNone') : undefined}
            options={present.map((tag) => ({ value: tag, label: tag }))}
            onChange={(wanted) => setRemove(wanted)}
          />
        </Form.Item>
      </Form>
    </BulkFrame>
  )
}

/** As the service keeps them. */
function cleaned(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ''))]
}
