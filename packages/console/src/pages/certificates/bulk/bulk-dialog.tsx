/**
 * The dialogs of actions on many, loaded when the first is opened.
 *
 * @module
 */
import type { CertificateView, Scope } from '@evercert/contract'
import { ApplyDialog } from './apply-dialog.tsx'
import { DeployDialog } from './deploy-dialog.tsx'
import type { RenewalsOwner } from '../../../app/kept-drafts.ts'
import type { KeptRenewals } from './kept-renewals.ts'
import { ManageDialog } from './manage-dialog.tsx'
import { RenewDialog, ResumedRenewals } from './renew-dialog.tsx'
import { TagDialog } from './tag-dialog.tsx'

export type BulkAction = 'renew' | 'apply' | 'manage' | 'deploy' | 'tag'

/** The certificates as they were when the dialog opened: the list may change beneath it. */
export type Opened =
  | { readonly action: BulkAction; readonly certificates: readonly CertificateView[] }
  | { readonly action: 'resume'; readonly kept: KeptRenewals }

interface BulkDialogProps {
  readonly opened: Opened
  readonly scopes: readonly Scope[]
  readonly owner: RenewalsOwner
  /** Is told what is selected no more. */
  readonly onClose: (done: readonly string[]) => void
}

export function BulkDialog({ opened, scopes, owner, onClose }: BulkDialogProps) {
  const close = (): void => onClose([])
  switch (opened.action) {
    case 'tag':
      return <TagDialog certificates={opened.certificates} onClose={close} />
    case 'manage':
      return <ManageDialog certificates={opened.certificates} scopes={scopes} onClose={close} />
    case 'apply':
      return <ApplyDialog certificates={opened.certificates} onClose={close} />
    case 'deploy':
      return <DeployDialog certificates={opened.certificates} onClose={close} />
    case 'renew':
      return <RenewDialog certificates={opened.certificates} owner={owner} onClose={onClose} />
    case 'resume':
      return <ResumedRenewals kept={opened.kept} onClose={onClose} onCancel={close} />
  }
}
