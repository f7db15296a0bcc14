/**
 * Providers of single sign-on: connected, changed and removed by the operator of the installation.
 *
 * @module
 */
import type { SignInProviderView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { CopyText } from '../../components/copy-text.tsx'
import { DoneNotice } from '../../components/done-notice.tsx'
import { RecordPanel } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { SignInProviderDrawer } from './sign-in-provider-drawer.tsx'

export function SingleSignOnTab() {
  const { t } = useTranslation()
  const editing = useEditing<SignInProviderView>()
  const providers = useQuery({ queryKey: keys.signInProviders, queryFn: () => api.signInProviders.list() })
  return (
    <>
      <RecordPanel
        label={t('singleSignOn.title')}
        query={providers}
        columns={useColumns(editing.open)}
        rowKey={({ id }) => id}
        empty={{ title: t('singleSignOn.noneTitle'), text: t('singleSignOn.noneText') }}
      >
        <p className="muted">{t('singleSignOn.intro')}</p>
        <DoneNotice title={editing.done} />
        <div className="panel-actions">
          <Button type="primary" onClick={() => editing.open(null)}>
            {t('singleSignOn.connect')}
          </Button>
        </div>
      </RecordPanel>
      <SignInProviderDrawer
        key={editing.key}
        editing={editing}
        onDone={(title) => editing.drawer.onDone((t) => t('singleSignOn.saved', { title }))}
      />
    </>
  )
}

function useColumns(onEdit: (provider: SignInProviderView) => void): readonly Column<SignInProviderView>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'title',
      title: t('singleSignOn.provider'),
      render: ({ title, issuer }) => (
        <>
          <div className="record-name break">{title}</div>
          <div className="muted mono break">{issuer}</div>
        </>
      ),
    },
    {
      key: 'domains',
      title: t('singleSignOn.domains'),
      render: ({ allowedDomains, newUsers, secondFactor }) => (
        <>
          <div className="break">{allowedDomains.join(', ')}</div>
          <div className="muted">{newUsers ? t('singleSignOn.newUsers') : t('singleSignOn.usersOnly')}</div>
          <div className="muted">
            {t('singleSignOn.secondFactor')}: {t(`singleSignOn.secondFactorWays.${secondFactor}`)}
          </div>
        </>
      ),
    },
    {
      key: 'redirectUrl',
      title: t('singleSignOn.redirectUrl'),
      render: ({ redirectUrl }) =>
        redirectUrl === null ? (
          t('singleSignOn.noPublicUrl')
        ) : (
          <CopyText text={redirectUrl} what={t('singleSignOn.redirectUrl')} />
        ),
    },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (provider) => (
        <>
          <Action label={t('fields.edit')} of={provider.title} onClick={() => onEdit(provider)} />
          <ConfirmedAction
            label={t('singleSignOn.remove')}
            of={provider.title}
            title={t('singleSignOn.removeTitle', { title: provider.title })}
            text={t('singleSignOn.removeText')}
            act={() => api.signInProviders.remove({ id: provider.id })}
            changes={keys.signInProviders}
          />
        </>
      ),
    },
  ]
}
