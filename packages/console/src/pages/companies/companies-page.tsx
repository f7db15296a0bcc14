/**
 * Companies: who OV and EV certificates are issued to, with their documents. The list is masked; whoever may write opens one in full.
 *
 * @module
 */
import type { CompanyListItem } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { joinList } from '../../components/join-list.ts'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { useSaid } from '../../components/said.tsx'
import { NEW, useOpened } from '../../components/use-opened.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useLacking } from '../../api/use-lacking.ts'
import './companies-page.css'
import { CompanyDrawer } from './company-drawer.tsx'

export function CompaniesPage() {
  const { t } = useTranslation()
  const companies = useQuery({ queryKey: keys.companies, queryFn: () => api.companies.list() })
  const lacking = useLacking('companies.update')
  const [opened, open] = useOpened()
  const [result, say] = useSaid()
  const [leaving, setLeaving] = useState<CompanyListItem | null>(null)
  const add = <AllowedButton operation="companies.create" label={t('companies.add')} type="primary" onClick={() => open(NEW)} />
  const columns: Column<CompanyListItem>[] = [
    { key: 'name', title: t('companies.name'), kind: 'name', render: ({ name }) => name },
    { key: 'type', title: t('companies.type'), render: ({ type }) => t(`companies.types.${type}`) },
    {
      key: 'registrationNumber',
      title: t('companies.registrationNumber'),
      render: ({ registrationNumber }) => registrationNumber,
    },
    { key: 'phone', title: t('companies.phone'), kind: 'wide', render: ({ phone }) => <span className="number">{phone}</span> },
    {
      key: 'documents',
      title: t('companies.documents'),
      render: ({ documents }) =>
        documents.length === 0 ? (
          <span className="muted">{t('companies.noDocuments')}</span>
        ) : (
          joinList(documents.map((kind) => t(`companies.kinds.${kind}`)))
        ),
    },
    {
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (company) => (
        <>
          <Action label={t('forms.edit')} of={company.name} reason={lacking} onClick={() => open(company.id)} />
          <Action label={t('forms.remove')} of={company.name} reason={lacking} onClick={() => setLeaving(company)} />
        </>
      ),
    },
  ]
  return (
    <>
      <PageHead title={t('shell.companies')} intro={t('companies.intro')} actions={add} result={result} />
      <section className="panel" aria-label={t('shell.companies')}>
        <QueryView query={companies}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyList title={t('companies.emptyTitle')} text={t('companies.emptyText')} />
            ) : (
              <RecordTable label={t('shell.companies')} columns={columns} rows={items} rowKey={({ id }) => id} />
            )
          }
        </QueryView>
      </section>
      <CompanyDrawer opened={opened} open={open} onSaved={(name) => say((t) => t('forms.saved', { name }))} />
      <RemoveCompany
        company={leaving}
        onClose={() => setLeaving(null)}
        onRemoved={(name) => say((t) => t('forms.removed', { name }))}
      />
    </>
  )
}

interface RemoveCompanyProps {
  readonly company: CompanyListItem | null
  readonly onClose: () => void
  readonly onRemoved: (name: string) => void
}

function RemoveCompany({ company, onClose, onRemoved }: RemoveCompanyProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: ({ id }: CompanyListItem) => api.companies.remove({ id }),
    onSuccess: async (_, { name }) => {
      onRemoved(name)
      onClose()
      await queries.invalidateQueries({ queryKey: keys.companies })
    },
  })
  return (
    <ConfirmDialog
      title={t('companies.removeTitle', { name: company?.name })}
      confirm={t('forms.remove')}
      isOpen={company !== null}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => company !== null && remove.mutate(company)}
      onClose={() => {
        remove.reset()
        onClose()
      }}
    >
      <p>{t('companies.removeText')}</p>
    </ConfirmDialog>
  )
}
