/**
 * Contacts: who is named in applications. The list is masked; whoever may write opens one in full.
 *
 * @module
 */
import type { ContactListItem } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { EmptyList } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { useSaid } from '../../components/said.tsx'
import { NEW, useOpened } from '../../components/use-opened.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useLacking } from '../../api/use-lacking.ts'
import { ContactDrawer } from './contact-drawer.tsx'

export function ContactsPage() {
  const { t } = useTranslation()
  const contacts = useQuery({ queryKey: keys.contacts, queryFn: () => api.contacts.list() })
  const lacking = useLacking('contacts.update')
  const [opened, open] = useOpened()
  const [result, say] = useSaid()
  const [leaving, setLeaving] = useState<ContactListItem | null>(null)
  const add = <AllowedButton operation="contacts.create" label={t('contacts.add')} type="primary" onClick={() => open(NEW)} />
  const columns: Column<ContactListItem>[] = [
    { key: 'name', title: t('contacts.name'), kind: 'name', render: ({ name }) => name },
    { key: 'email', title: t('contacts.email'), render: ({ email }) => email },
    { key: 'phone', title: t('contacts.phone'), render: ({ phone }) => <span className="number">{phone}</span> },
    {
      key: 'actions',
      title: t('forms.actions'),
      kind: 'actions',
      render: (contact) => (
        <>
          <Action label={t('forms.edit')} of={contact.name} reason={lacking} onClick={() => open(contact.id)} />
          <Action label={t('forms.remove')} of={contact.name} reason={lacking} onClick={() => setLeaving(contact)} />
        </>
      ),
    },
  ]
  return (
    <>
      <PageHead title={t('contacts.title')} intro={t('contacts.intro')} actions={add} result={result} />
      <section className="panel" aria-label={t('contacts.title')}>
        <QueryView query={contacts}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyList title={t('contacts.emptyTitle')} text={t('contacts.emptyText')} />
            ) : (
              <RecordTable label={t('contacts.title')} columns={columns} rows={items} rowKey={({ id }) => id} />
            )
          }
        </QueryView>
      </section>
      <ContactDrawer opened={opened} onClose={() => open(null)} onSaved={(name) => say((t) => t('forms.saved', { name }))} />
      <RemoveContact
        contact={leaving}
        onClose={() => setLeaving(null)}
        onRemoved={(name) => say((t) => t('forms.removed', { name }))}
      />
    </>
  )
}

interface RemoveContactProps {
  readonly contact: ContactListItem | null
  readonly onClose: () => void
  readonly onRemoved: (name: string) => void
}

function RemoveContact({ contact, onClose, onRemoved }: RemoveContactProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: ({ id }: ContactListItem) => api.contacts.remove({ id }),
    onSuccess: async (_, { name }) => {
      onRemoved(name)
      onClose()
      await queries.invalidateQueries({ queryKey: keys.contacts })
    },
  })
  return (
    <ConfirmDialog
      title={t('contacts.removeTitle', { name: contact?.name })}
      confirm={t('forms.remove')}
      isOpen={contact !== null}
      isPending={remove.isPending}
      error={remove.error}
      onConfirm={() => contact !== null && remove.mutate(contact)}
      onClose={() => {
        remove.reset()
        onClose()
      }}
    >
      <p>{t('contacts.removeText')}</p>
    </ConfirmDialog>
  )
}
