/**
 * Approve, refuse with a reason; and for who asked: say why, withdraw. Each asks before it does.
 *
 * @module
 */
import type { ApprovalView } from '@evercert/contract'
import type { TFunction } from 'i18next'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import TextArea from 'antd/es/input/TextArea'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import type { Said } from '../../components/said.tsx'
import { titleOf } from './title-of.ts'

type Deed = 'approve' | 'refuse' | 'explain' | 'withdraw'

interface ApprovalActionsProps {
  readonly approval: ApprovalView
  readonly onDone: (what: Said) => void
}

const MAX_TEXT = 500

export function ApprovalActions({ approval, onDone }: ApprovalActionsProps) {
  const { t } = useTranslation()
  const [deed, setDeed] = useState<Deed | null>(null)
  const deeds = deedsOf(approval)
  return (
    <>
      {deeds.map((each) => (
        <Button
          key={each}
          type={each === 'approve' ? 'primary' : 'default'}
          danger={each === 'refuse'}
          onClick={() => setDeed(each)}
        >
          {t(`approvals.${each}`)}
          <span className="visually-hidden"> {titleOf(t, approval)}</span>
        </Button>
      ))}
      {deed !== null && <DeedDialog key={deed} deed={deed} approval={approval} onClose={() => setDeed(null)} onDone={onDone} />}
    </>
  )
}

/** What the reader may do; nothing else is shown. */
function deedsOf({ mayDecide, isMine, state }: ApprovalView): Deed[] {
  if (mayDecide) return ['approve', 'refuse']
  if (!isMine) return []
  if (state === 'waiting') return ['explain', 'withdraw']
  return state === 'approved' ? ['withdraw'] : []
}

interface DeedDialogProps extends ApprovalActionsProps {
  readonly deed: Deed
  readonly onClose: () => void
}

function DeedDialog({ deed, approval, onClose, onDone }: DeedDialogProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [text, setText] = useState(deed === 'explain' ? (approval.why ?? '') : '')
  const [isMissing, setMissing] = useState(false)
  const needsText = deed === 'refuse' || deed === 'explain'
  const what = titleOf(t, approval)
  const work = useMutation({
    mutationFn: () => perform(deed, approval.id, text),
    onSuccess: (view) => {
      onDone((t) => doneText(t, deed, view, titleOf(t, approval)))
      onClose()
    },
    // What was approved changes more than the request; and what failed may have lapsed.
    onSettled: () => (deed === 'approve' ? queries.invalidateQueries() : queries.invalidateQueries({ queryKey: keys.approvals })),
  })
  return (
    <ConfirmDialog
      title={deed === 'explain' ? t('approvals.explain') : t(`approvals.${deed}Title`)}
      isOpen
      confirm={t(deed === 'explain' ? 'forms.save' : `approvals.${deed}`)}
      isDangerous={deed === 'refuse'}
      isPending={work.isPending}
      error={work.error}
      onConfirm={() => (needsText && text.trim() === '' ? setMissing(true) : work.mutate())}
      onClose={onClose}
    >
      <p>
        <strong className="break">{what}</strong>
      </p>
      {deed === 'approve' && <p>{t(isUsedLater(approval) ? 'approvals.approveLater' : 'approvals.approveNow')}</p>}
      {deed === 'withdraw' && <p>{t('approvals.withdrawText')}</p>}
      {needsText && <TextField deed={deed} text={text} isMissing={isMissing && text.trim() === ''} onChange={setText} />}
    </ConfirmDialog>
  )
}

function perform(deed: Deed, id: string, text: string): Promise<ApprovalView> {
  if (deed === 'refuse') return api.approvals.refuse({ id, reason: text })
  if (deed === 'explain') return api.approvals.explain({ id, why: text })
  return deed === 'approve' ? api.approvals.approve({ id }) : api.approvals.withdraw({ id })
}

/** What only who asked can take: a file, or a page of a payment provider. */
function isUsedLater({ kind, facts }: ApprovalView): boolean {
  return kind === 'keyDownload' || (typeof facts['method'] === 'string' && facts['method'] !== 'balance')
}

function doneText(t: TFunction, deed: Deed, view: ApprovalView, what: string): string {
  if (deed === 'explain') return t('approvals.explained')
  if (deed === 'refuse') return t('approvals.refusedDone', { what })
  if (deed === 'withdraw') return t('approvals.withdrawnDone', { what })
  return t(view.state === 'approved' ? 'approvals.approvedLater' : 'approvals.approvedDone', { what })
}

interface TextFieldProps {
  readonly deed: 'refuse' | 'explain'
  readonly text: string
  readonly isMissing: boolean
  readonly onChange: (text: string) => void
}

function TextField({ deed, text, isMissing, onChange }: TextFieldProps) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <>
      <label htmlFor={id}>{t(deed === 'refuse' ? 'approvals.reason' : 'approvals.why')}</label>
      <TextArea
        id={id}
        rows={3}
        maxLength={MAX_TEXT}
        value={text}
        aria-invalid={isMissing}
        aria-describedby={`${id}-help`}
        {...(isMissing && { status: 'error' as const })}
        onChange={({ target }) => onChange(target.value)}
      />
      <p id={`${id}-help`} className="muted" role={isMissing ? 'alert' : undefined}>
        {isMissing ? t('approvals.needed') : t(deed === 'refuse' ? 'approvals.refuseText' : 'approvals.explainText')}
      </p>
    </>
  )
}
