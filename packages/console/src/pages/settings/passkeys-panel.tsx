/**
 * The passkeys of whoever is signed in: registered, named, removed.
 *
 * @module
 */
import type { PasskeyView, UserView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { hasPasskeys } from '../../api/passkeys.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { Moment } from '../../components/moment.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { useEditing, type Editing } from '../../components/use-editing.ts'
import { PasskeyDrawer } from './passkey-drawer.tsx'
import { RenamePasskey } from './rename-passkey.tsx'

export function PasskeysPanel({ user }: { readonly user: UserView }) {
  const { t } = useTranslation()
  const passkeys = useQuery({ queryKey: keys.passkeys, queryFn: () => api.passkeys.list() })
  const ways = useQuery({ queryKey: keys.signInWays, queryFn: () => api.signInWays.get(), staleTime: Infinity })
  const adding = useEditing<null>()
  const renaming = useEditing<PasskeyView>()
  const columns = useColumns(renaming)
  const obstacle = !hasPasskeys() ? t('passkeys.noBrowser') : ways.data?.passkeys === false ? t('passkeys.noPublicUrl') : null
  return (
    <section className="panel" aria-label={t('passkeys.title')}>
      <h2>{t('passkeys.title')}</h2>
      <p className="muted">{t('passkeys.intro')}</p>
      <QueryView query={passkeys}>
        {({ items }) =>
          items.length > 0 && <RecordTable label={t('passkeys.title')} columns={columns} rows={items} rowKey={({ id }) => id} />
        }
      </QueryView>
      {obstacle === null ? (
        <div className="button-row passkey-buttons">
          <Button onClick={() => adding.open(null)}>{t('passkeys.add')}</Button>
        </div>
      ) : (
        <p className="passkey-buttons">{obstacle}</p>
      )}
      <PasskeyDrawer key={`adding ${adding.key}`} user={user} editing={adding} />
      <RenamePasskey key={`renaming ${renaming.key}`} editing={renaming} />
    </section>
  )
}

function useColumns(renaming: Editing<PasskeyView>): readonly Column<PasskeyView>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'name',
      title: t('passkeys.name'),
      render: ({ name, isSynced }) => (
        <>
          <div className="record-name break">{name}</div>
          <div className="muted">{isSynced ? t('passkeys.synced') : t('passkeys.oneDevice')}</div>
        </>
      ),
    },
    { key: 'createdAt', title: t('passkeys.createdAt'), render: ({ createdAt }) => <Moment at={createdAt} precision="day" /> },
    {
      key: 'lastUsedAt',
      title: t('passkeys.lastUsedAt'),
      render: ({ lastUsedAt }) => (lastUsedAt === null ? t('passkeys.never') : <Moment at={lastUsedAt} />),
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (passkey) => (
        <>
          <Action label={t('passkeys.rename')} of={passkey.name} onClick={() => renaming.open(passkey)} />
          <ConfirmedAction
            label={t('passkeys.remove')}
            of={passkey.name}
            title={t('passkeys.removeTitle', { name: passkey.name })}
            text={t('passkeys.removeText')}
            act={() => api.passkeys.remove({ id: passkey.id })}
            changes={keys.passkeys}
          />
        </>
      ),
    },
  ]
}
