/**
 * The API tokens that whoever is signed in made, in all their accounts: those of `evercert login` among them.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { Moment } from '../../components/moment.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'

type OwnToken = Awaited<ReturnType<typeof api.ownTokens.list>>['items'][number]

export function OwnTokensPanel() {
  const { t } = useTranslation()
  const tokens = useQuery({ queryKey: keys.ownTokens, queryFn: () => api.ownTokens.list() })
  const columns = useColumns()
  return (
    <section className="panel" aria-label={t('security.ownTokens')}>
      <h2>{t('security.ownTokens')}</h2>
      <p className="muted">{t('security.ownTokensIntro')}</p>
      <QueryView query={tokens}>
        {({ items }) =>
          items.length > 0 && (
            <RecordTable label={t('security.ownTokens')} columns={columns} rows={items} rowKey={({ id }) => id} />
          )
        }
      </QueryView>
    </section>
  )
}

function useColumns(): readonly Column<OwnToken>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'name',
      title: t('settings.name'),
      render: ({ name, account }) => (
        <>
          <div className="record-name break">{name}</div>
          <div className="muted break">{account.name}</div>
        </>
      ),
    },
    {
      key: 'scopes',
      title: t('settings.scopes'),
      render: ({ scopes }) => <span className="mono break">{scopes.join(', ')}</span>,
    },
    {
      key: 'expiresAt',
      title: t('settings.expiresAt'),
      render: ({ expiresAt }) => (expiresAt === null ? t('settings.never') : <Moment at={expiresAt} />),
    },
    {
      key: 'lastUsedAt',
      title: t('passkeys.lastUsedAt'),
      render: ({ lastUsedAt }) => (lastUsedAt === null ? t('passkeys.never') : <Moment at={lastUsedAt} />),
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: ({ id, name }) => (
        <ConfirmedAction
          label={t('settings.end')}
          of={name}
          title={t('settings.endTitle', { name })}
          text={t('settings.endText')}
          act={() => api.ownTokens.remove({ id })}
          changes={keys.ownTokens}
        />
      ),
    },
  ]
}
