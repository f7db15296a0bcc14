/**
 * The draft of the application that is open: what was kept of it, and keeping it while it is typed.
 *
 * @module
 */
import type { ApplicationView } from '@evercert/contract'
import { useState } from 'react'
import { useMe } from '../../api/use-me.ts'
import { draftPlace, personOf } from '../../app/kept-drafts.ts'
import { keepDraft, readDraft, type ApplicationDraft } from './application-draft.ts'
import type { FormValues } from './application-form.ts'

interface Draft {
  /** What was found when the form was opened; null: none, or it was put away since. */
  readonly restored: ApplicationDraft | null
  /** What is in the form now is kept. */
  readonly isKept: boolean
  readonly keep: (values: FormValues) => void
  readonly forget: () => void
}

export function useApplicationDraft(certificateId: string, { id, state, form }: ApplicationView): Draft {
  const { data: me } = useMe()
  const owner = { accountId: me?.account?.id ?? '', personId: personOf(me) }
  const place = draftPlace(owner, certificateId)
  const base = `${id ?? ''} ${state}`
  const [restored, setRestored] = useState(() => {
    const draft = readDraft(place, base, Date.now())
    if (draft?.values.keySource !== 'host' || form.hostKey !== null) return draft
    return { ...draft, values: { ...draft.values, keySource: 'system' as const } } // that host is there no more
  })
  const [isKept, setKept] = useState(restored !== null)
  return {
    restored,
    isKept,
    keep: (values) => setKept(keepDraft(place, base, values, new Date().toISOString())),
    forget: () => {
      localStorage.removeItem(place)
      setRestored(null)
      setKept(false)
    },
  }
}
