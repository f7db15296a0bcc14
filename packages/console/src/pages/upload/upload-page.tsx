/**
 * Certificates that were bought elsewhere: dropped, chosen or pasted, put together with their keys, named, and stored.
 *
 * @module
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Checkbox from 'antd/es/checkbox'
import Progress from 'antd/es/progress'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useSaid } from '../../components/said.tsx'
import { DraftTable } from './draft-table.tsx'
import { sendUploads } from './send-uploads.ts'
import { SourceInput } from './source-input.tsx'
import { StoredList } from './stored-list.tsx'
import './upload-page.css'
import { useUploadState, type UploadDraft, type UploadState } from './upload-state.ts'

interface Progressing {
  readonly done: number
  readonly all: number
}

interface Ready extends UploadDraft {
  readonly privateKeyPem: string
}

const isReady = (draft: UploadDraft): draft is Ready => draft.privateKeyPem !== null && draft.name.trim() !== ''

export function UploadPage() {
  const { t } = useTranslation()
  const state = useUploadState()
  const { send, progress, result, isWhole, forget } = useSend(state)
  return (
    <>
      <PageHead title={t('upload.title')} intro={t('upload.intro')} result={result} tone={isWhole ? 'good' : 'warning'} />
      <StoredList stored={state.stored} />
      <SourceInput
        sources={state.sources}
        looseKeys={state.looseKeys}
        looseAuthorities={state.looseAuthorities}
        onAdd={(sources) => {
          forget()
          state.addSources(sources)
        }}
      />
      {state.drafts.length > 0 && <Drafts state={state} send={send} progress={progress} />}
    </>
  )
}

interface Wish {
  readonly dryRun: boolean
  /** The service fetches intermediates that are missing. */
  readonly completeChain: boolean
}

function useSend(state: UploadState) {
  const queries = useQueryClient()
  const [progress, setProgress] = useState<Progressing | null>(null)
  const [result, say] = useSaid()
  const [isWhole, setWhole] = useState(true)
  const send = useMutation({
    mutationFn: async ({ dryRun, completeChain }: Wish) => {
      const ready = state.drafts.filter(isReady)
      let [refused, from] = [0, 0]
      const entries = ready.map(({ name, certificatePem, privateKeyPem }) => ({ name, certificatePem, privateKeyPem }))
      setProgress({ done: 0, all: entries.length })
      await sendUploads(
        entries,
        async (batch) => (await api.uploads.create({ entries: [...batch], dryRun, completeChain })).outcomes,
        (done, outcomes) => {
          state.record(ready.slice(from, done), outcomes)
          from = done
          refused += outcomes.filter((outcome) => outcome.result === 'refused').length
          setProgress({ done, all: entries.length })
        },
      )
      return { good: entries.length - refused, refused, dryRun }
    },
    onMutate: () => say(null),
    onSuccess: ({ good, refused, dryRun }) => {
      say((t) => {
        const parts = [
          good > 0 && t(dryRun ? 'upload.checked' : 'upload.done', { count: good }),
          refused > 0 && t('upload.refusedCount', { count: refused }),
        ]
        return parts.filter((part) => part !== false).join(' ')
      })
      setWhole(refused === 0)
    },
    onSettled: () => {
      setProgress(null)
      void queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  return { send, progress, result, isWhole, forget: () => say(null) }
}

interface DraftsProps extends Pick<ReturnType<typeof useSend>, 'send' | 'progress'> {
  readonly state: UploadState
}

function Drafts({ state, send, progress }: DraftsProps) {
  const { t } = useTranslation()
  const [completeChain, setCompleteChain] = useState(false)
  const { length: all } = state.drafts
  const ready = state.drafts.filter(isReady).length
  return (
    <section className="panel" aria-labelledby="upload-drafts">
      <h2 id="upload-drafts">{t('upload.drafts', { count: all })}</h2>
      <ProblemNotice error={send.error} />
      <DraftTable drafts={state.drafts} isBusy={send.isPending} onRename={state.rename} onRemove={state.remove} />
      {all > ready && <p className="muted">{t('upload.waiting', { count: all - ready })}</p>}
      {progress !== null && (
        <Progress
          percent={Math.round((progress.done / Math.max(1, progress.all)) * 100)}
          format={() => `${progress.done} / ${progress.all}`}
          aria-label={t('upload.progress')}
        />
      )}
      <Checkbox
        className="upload-complete"
        checked={completeChain}
        disabled={send.isPending}
        onChange={(event) => setCompleteChain(event.target.checked)}
      >
        {t('upload.completeChain')}
      </Checkbox>
      <div className="upload-submit">
        <AllowedButton
          operation="uploads.create"
          label={t('upload.submit', { count: ready })}
          type="primary"
          disabled={ready === 0}
          loading={send.isPending}
          onClick={() => send.mutate({ dryRun: false, completeChain })}
        />
        <AllowedButton
          operation="uploads.create"
          label={t('upload.check')}
          disabled={ready === 0 || send.isPending}
          onClick={() => send.mutate({ dryRun: true, completeChain })}
        />
        <Button type="text" disabled={send.isPending} onClick={state.clear}>
          {t('upload.clear')}
        </Button>
        <span className="muted">{t('upload.keyNote')}</span>
      </div>
    </section>
  )
}
