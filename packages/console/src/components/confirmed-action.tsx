/**
 * An action that asks first: its button, the dialog that says what will happen, and the call.
 *
 * @module
 */
import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query'
import { useState } from 'react'
import { Action } from './action.tsx'
import { Consequences } from './consequences.tsx'
import { ConfirmDialog } from './confirm-dialog.tsx'

interface ConfirmedActionProps {
  readonly label: string
  /** What it is done to, for those who hear the page. */
  readonly of: string
  /** Why it cannot be done; null: it can. */
  readonly reason?: string | null
  readonly title: string
  /** What will happen, and what stays. */
  readonly text: string
  /** The same, thing by thing. */
  readonly consequences?: readonly string[]
  readonly isDangerous?: boolean
  readonly act: () => Promise<unknown>
  /** What is left once it was refused in this way. */
  readonly otherwise?: {
    readonly label: string
    readonly isLeft: (error: unknown) => boolean
    readonly act: () => Promise<unknown>
  }
  /** What is old once it is done. */
  readonly changes: QueryKey
}

export function ConfirmedAction(props: ConfirmedActionProps) {
  const { label, of, reason = null, title, text, consequences = [], isDangerous = true, act, otherwise, changes } = props
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const action = useMutation({
    mutationFn: (isOtherwise: boolean) => (isOtherwise && otherwise !== undefined ? otherwise.act() : act()),
    onSuccess: async () => {
      setOpen(false)
      await queries.invalidateQueries({ queryKey: changes })
    },
  })
  const isLeft = otherwise?.isLeft(action.error) === true
  return (
    <>
      <Action label={label} of={of} reason={reason} onClick={() => setOpen(true)} />
      <ConfirmDialog
        title={title}
        confirm={isLeft ? otherwise.label : label}
        isDangerous={isDangerous}
        isOpen={isOpen}
        isPending={action.isPending}
        error={action.error}
        onConfirm={() => action.mutate(isLeft)}
        onClose={() => {
          setOpen(false)
          action.reset()
        }}
      >
        <p>{text}</p>
        <Consequences items={consequences} />
      </ConfirmDialog>
    </>
  )
}
