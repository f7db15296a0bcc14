/**
 * Stored CSRs: made here with their key, or made elsewhere and kept with or without it.
 *
 * @module
 */
import type { CsrView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { ApiProblem } from '@evercert/contract/client'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLacking } from '../../api/use-lacking.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { KeyName } from '../../components/key-name.tsx'
import { Moment } from '../../components/moment.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { useSaid } from '../../components/said.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { NEW, useOpened } from '../../components/use-opened.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { certificatePlace } from '../certificates/next-place.ts'
import { CsrDrawer } from './csr-drawer.tsx'
import './csrs-page.css'
import { NewCsrDrawer } from './new-csr-drawer.tsx'

export function CsrsPage() {
  const { t } = useTranslation()
  const csrs = useQuery({ queryKey: keys.csrs, queryFn: () => api.csrs.list() })
  const [opened, open] = useOpened()
  const [result, say] = useSaid()
  const [leaving, setLeaving] = useState<CsrView | null>(null)
  const add = <AllowedButton operation="csrs.create" label={t('csrs.add')} type="primary" onClick={() => open(NEW)} />
  return (
    <>
      <PageHead title={t('shell.csrs')} intro={t('csrs.intro')} actions={add} result={result} />
      <section className="panel" aria-label={t('shell.csrs')}>
        <QueryView query={csrs}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyList title={t('csrs.emptyTitle')} text={t('csrs.emptyText')} />
            ) : (
              <CsrTable csrs={items} onOpen={open} onRemove={setLeaving} />
            )
          }
        </QueryView>
      </section>
      <NewCsrDrawer
        isOpen={opened === NEW}
        onClose={() => open(null)}
        onStored={({ id, name }) => {
          say((t) => t('forms.saved', { name }))
          open(id)
        }}
      />
      <CsrDrawer id={opened === NEW ? null : opened} onClose={() => open(null)} />
      <RemoveCsr csr={leaving} onClose={() => setLeaving(null)} onRemoved={(name) => say((t) => t('forms.removed', { name }))} />
    </>
  )
}

interface CsrTableProps {
  readonly csrs: readonly CsrView[]
  readonly onOpen: (id: string) => void
  readonly onRemove: (csr: CsrView) => void
}

function CsrTable({ csrs, onOpen, onRemove }: CsrTableProps) {
  const { t } = useTranslation()
  const lacking = useLacking('csrs.remove')
  const columns: Column<CsrView>[] = [
    {
      key: 'name',
      title: t('csrs.name'),
      kind: 'name',
      render: ({ name, origin }) => (
        <>
          {name}
          <div className="muted csr-origin">{t(`csrs.origins.${origin}`)}</div>
        </>
      ),
    },
    { key: 'domains', title: t('csrs.domains'), render: ({ domains }) => domains.join(', ') },
    { key: 'algorithm', title: t('csrs.algorithm'), kind: 'wide', render: ({ algorithm }) => <KeyName algorithm={algorithm} /> },
    {
      key: 'key',
      title: t('csrs.key'),
      render: ({ hasKey }) => <Mark tone={hasKey ? 'good' : 'ended'}>{t(hasKey ? 'csrs.keyHere' : 'csrs.keyAway')}</Mark>,
    },
    {
      key: 'usedBy',
      title: t('csrs.usedBy'),
      render: ({ usedByCertificateId: id }) =>
        id === null ? (
          <span className="muted">{t('csrs.unused')}</span>
        ) : (
          <Link href={certificatePlace({ id })}>{t('csrs.seeCertificate')}</Link>
        ),
    },
    {
      key: 'createdAt',
      title: t('csrs.createdAt'),
      kind: 'wide',
      render: ({ createdAt }) => <Moment at={createdAt} precision="day" />,
    },
    {
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (csr) => (
        <>
          <Action label={t('csrs.view')} of={csr.name} onClick={() => onOpen(csr.id)} />
          {!csr.hasKey && <Action label={t('csrs.attachKey')} of={csr.name} onClick={() => onOpen(csr.id)} />}
          <Action label={t('forms.remove')} of={csr.name} reason={lacking} onClick={() => onRemove(csr)} />
        </>
      ),
    },
  ]
  return <RecordTable label={t('shell.csrs')} columns={columns} rows={csrs} rowKey={({ id }) => id} />
}

interface RemoveCsrProps {
  readonly csr: CsrView | null
  readonly onClose: () => void
  readonly onRemoved: (name: string) => void
}

/** The service refuses while an application in progress uses it; the dialog then leads there. */
function RemoveCsr({ csr, onClose, onRemoved }: RemoveCsrProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: ({ id }: CsrView) => api.csrs.remove({ id }),
    onSuccess: async (_, { name }) => {
      onRemoved(name)
      onClose()
      await queries.invalidateQueries({ queryKey: keys.csrs })
    },
  })
  const user = remove.error instanceof ApiProblem ? remove.error.problem.facts['certificateId'] : null
  return (
    <ConfirmDialog
      title={t('csrs.removeTitle', { name: csr?.name })}
      confirm={t('forms.remove')}
      isOpen={csr !== null}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => csr !== null && remove.mutate(csr)}
      onClose={() => {
        remove.reset()
        onClose()
      }}
    >
      <p>{t(csr?.hasKey === true ? 'csrs.removeWithKey' : 'csrs.removeText')}</p>
      {typeof user === 'string' && <Link href={certificatePlace({ id: user })}>{t('csrs.seeCertificate')}</Link>}
    </ConfirmDialog>
  )
}
