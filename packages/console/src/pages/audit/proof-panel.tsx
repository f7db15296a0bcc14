/**
 * The proof that nothing of the log was changed: verified here by the operator, and by anybody from the exported file.
 *
 * @module
 */
import type { AuditVerification } from '@evercert/contract'
import { openAuditExport } from '@evercert/contract/client'
import { useMutation } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Checkbox from 'antd/es/checkbox'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, caller } from '../../api/client.ts'
import { CopyText } from '../../components/copy-text.tsx'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { saveFile } from '../../components/save-file.ts'
import { readKept } from './kept-checkpoint.ts'

const VERIFY_FILE = 'evercert audit verify --file evercert-audit.ndjson --keys keys.json'

export function ProofPanel({ isOperator }: { readonly isOperator: boolean }) {
  const { t } = useTranslation()
  const [ofAll, setOfAll] = useState(false)
  const download = useMutation({
    mutationFn: async () => {
      const stream = await openAuditExport(caller, { installation: ofAll })
      saveFile('evercert-audit.ndjson', await new Response(stream).blob())
    },
  })
  const keep = useMutation({
    mutationFn: async () => {
      const [newest] = (await api.audit.checkpoints({ limit: 1 })).items
      if (newest === undefined) return null
      saveFile(
        `evercert-checkpoint-${newest.position}.json`,
        new Blob([JSON.stringify(newest, null, 2)], { type: 'application/json' }),
      )
      return newest
    },
  })
  return (
    <section className="panel" aria-label={t('audit.proof')}>
      <h2>{t('audit.proof')}</h2>
      <p className="muted">{t('audit.proofIntro')}</p>
      {isOperator && <Verify />}
      <div className="buttons">
        <Button loading={download.isPending} onClick={() => download.mutate()}>
          {t('audit.export')}
        </Button>
        <Button loading={keep.isPending} onClick={() => keep.mutate()}>
          {t('audit.keepCheckpoint')}
        </Button>
        {isOperator && (
          <Checkbox checked={ofAll} onChange={(event) => setOfAll(event.target.checked)}>
            {t('audit.exportAll')}
          </Checkbox>
        )}
      </div>
      <ProblemNotice error={download.error ?? keep.error} />
      <p role="status">
        {keep.data === null && t('audit.noCheckpoint')}
        {keep.data !== undefined && keep.data !== null && (
          <>
            {t('audit.kept', { position: keep.data.position })} <Moment at={keep.data.at} precision="second" />
          </>
        )}
      </p>
      <details>
        <summary>{t('audit.offline')}</summary>
        <p>{t('audit.offlineText')}</p>
        <CopyText text={VERIFY_FILE} what={t('audit.command')} />
      </details>
    </section>
  )
}

function Verify() {
  const { t } = useTranslation()
  const [kept, setKept] = useState('')
  const verify = useMutation({ mutationFn: () => api.audit.verify({ checkpoint: readKept(kept) }) })
  return (
    <>
      <details className="kept-checkpoint">
        <summary>{t('audit.keptCheckpoint')}</summary>
        <p className="muted">{t('audit.keptCheckpointHelp')}</p>
        <Input.TextArea
          rows={3}
          value={kept}
          maxLength={8192}
          spellCheck={false}
          aria-label={t('audit.keptCheckpoint')}
          onChange={(event) => setKept(event.target.value)}
        />
      </details>
      <p>
        <Button type="primary" loading={verify.isPending} onClick={() => verify.mutate()}>
          {t('audit.verify')}
        </Button>
      </p>
      <ProblemNotice error={verify.error} />
      <div aria-live="polite">
        {verify.data !== undefined && <Verdict report={verify.data} hasKept={readKept(kept) !== null} />}
      </div>
    </>
  )
}

function Verdict({ report, hasKept }: { readonly report: AuditVerification; readonly hasKept: boolean }) {
  const { t } = useTranslation()
  const { fault, from, position, records, unsealed, retentionAt, keptTooOld } = report
  return (
    <Alert
      className="audit-verdict"
      type={fault === null ? 'success' : 'error'}
      showIcon
      role="none"
      title={
        fault === null ? t('audit.sound') : t(`audit.faults.${fault.kind}`, { position: fault.position, through: fault.through })
      }
      description={
        <>
          {fault !== null && <p>{t('audit.faultRemedy')}</p>}
          <p>{t('audit.checked', { records, position })}</p>
          {unsealed > 0 && <p>{t('audit.unsealed', { count: unsealed })}</p>}
          {from > 0 && (
            <p>
              {retentionAt === null
                ? t('audit.beginsUnexplained', { from })
                : t('audit.beginsByRetention', { from, line: retentionAt })}
            </p>
          )}
          {keptTooOld && <p>{t('audit.keptTooOld')}</p>}
          {!hasKept && fault === null && <p>{t('audit.withoutKept')}</p>}
        </>
      }
    />
  )
}
