/**
 * API tokens of the account: made, shown once, ended.
 *
 * @module
 */
import type { TokenView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { CopyText } from '../../components/copy-text.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useLacking } from '../../api/use-lacking.ts'
import './settings-page.css'
import { TokenDrawer, type MadeToken } from './token-drawer.tsx'

export function TokensTab() {
  const { t } = useTranslation()
  const editing = useEditing<null>()
  const [made, setMade] = useState<MadeToken | null>(null)
  const columns = useColumns()
  const tokens = useQuery({ queryKey: keys.tokens, queryFn: () => api.tokens.list() })
  return (
    <section className="panel" aria-label={t('settings.tokens')}>
      <p className="muted">{t('settings.tokensIntro')}</p>
      <div aria-live="polite">
        {made !== null && (
          <Alert
            className="made-token"
            type="warning"
            showIcon
            role="none"
            title={t('settings.made', { name: made.name })}
            description={
              <>
                <p>{t('settings.madeText')}</p>
                <CopyText text={made.token} what={t('settings.token')} />
                <Button size="small" onClick={() => setMade(null)}>
                  {t('settings.kept')}
                </Button>
              </>
            }
          />
        )}
      </div>
      <div className="panel-actions">
        <AllowedButton
          operation="tokens.create"
          label={t('settings.makeToken')}
          type="primary"
          onClick={() => {
            setMade(null)
            editing.open(null)
          }}
        />
      </div>
      {tokens.isPending && <Loading />}
      <ProblemNotice error={tokens.error} onRetry={() => void tokens.refetch()} />
      {tokens.data !== undefined && (
        <RecordTable label={t('settings.tokens')} columns={columns} rows={tokens.data.items} rowKey={({ id }) => id} />
      )}
      <TokenDrawer
        key={editing.key}
        isOpen={editing.isOpen}
        onClose={editing.close}
        onMade={(token) => {
          editing.close()
          setMade(token)
        }}
      />
    </section>
  )
}

function useColumns(): readonly Column<TokenView>[] {
  const { t } = useTranslation()
  const [now] = useState(() => Date.now())
  return [
    {
      key: 'name',
      title: t('settings.name'),
      render: ({ name, isCaller }) => (
        <>
          <div className="record-name">{name}</div>
          {isCaller && <div className="muted">{t('settings.isCaller')}</div>}
        </>
      ),
    },
    {
      key: 'scopes',
      title: t('settings.scopes'),
      render: ({ scopes, tags }) => (
        <>
          <span className="mono break">{scopes.join(', ')}</span>
          {tags !== null && <div className="muted break">{t('settings.narrowedTo', { tags: tags.join(', ') })}</div>}
        </>
      ),
    },
    { key: 'createdAt', title: t('settings.createdAt'), render: ({ createdAt }) => <Moment at={createdAt} precision="day" /> },
    {
      key: 'expiresAt',
      title: t('settings.expiresAt'),
      render: ({ expiresAt }) =>
        expiresAt === null ? (
          t('settings.never')
        ) : (
          <>
            <Moment at={expiresAt} /> {Date.parse(expiresAt) <= now && t('settings.ranOut')}
          </>
        ),
    },
    { key: 'actions', title: t('fields.actions'), kind: 'actions', render: (token) => <EndToken token={token} /> },
  ]
}

function EndToken({ token: { id, name, isCaller } }: { readonly token: TokenView }) {
  const { t } = useTranslation()
  const lacking = useLacking('tokens.remove')
  return (
    <ConfirmedAction
      label={t('settings.end')}
      of={name}
      reason={isCaller ? t('settings.endReason') : lacking}
      title={t('settings.endTitle', { name })}
      text={t('settings.endText')}
      act={() => api.tokens.remove({ id })}
      changes={keys.tokens}
    />
  )
}
