/**
 * `/device`: the code that `evercert login` shows, what it asks for, and the decision of whoever is signed in (RFC 8628 §3.3).
 *
 * @module
 */
import { TOKEN_DAYS } from '@evercert/contract'
import { useMutation } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Radio from 'antd/es/radio'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useMe } from '../../api/use-me.ts'
import '../../components/page.css'
import { PageHead } from '../../components/page-head.tsx'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { QueryView } from '../../components/query-view.tsx'
import './device-page.css'

type Decision = 'give' | 'refuse'

export function DevicePage() {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <>
      <PageHead title={t('device.title')} />
      <section className="panel device-panel" aria-label={t('device.title')}>
        <QueryView query={me}>
          {({ user, account }) =>
            user === null ? <p>{t('device.byToken')}</p> : <DeviceLogin email={user.email} account={account?.name ?? null} />
          }
        </QueryView>
      </section>
    </>
  )
}

interface DeviceLoginProps {
  readonly email: string
  /** Null: the user is in none. */
  readonly account: string | null
}

function DeviceLogin({ email, account }: DeviceLoginProps) {
  const { t } = useTranslation()
  const [decided, setDecided] = useState<Decision | null>(null)
  const look = useMutation({ mutationFn: ({ code }: { readonly code: string }) => api.deviceLogins.inspect({ userCode: code }) })
  const [code, setCode] = useState('')
  if (account === null) return <p>{t('device.noAccount')}</p>
  if (decided !== null)
    return (
      <Alert
        type={decided === 'give' ? 'success' : 'info'}
        showIcon
        role="status"
        title={t(decided === 'give' ? 'device.given' : 'device.refused')}
        description={t(decided === 'give' ? 'device.givenText' : 'device.refusedText')}
      />
    )
  if (look.data !== undefined)
    return <Request code={code} email={email} account={account} asked={look.data} onDecided={setDecided} />
  return (
    <Form<{ code: string }>
      layout="vertical"
      requiredMark={false}
      onFinish={(values) => {
        setCode(values.code)
        look.mutate(values)
      }}
    >
      <p className="muted">{t('device.intro')}</p>
      <ProblemNotice error={look.error} />
      <Form.Item
        name="code"
        label={t('device.code')}
        extra={t('device.codeHelp')}
        rules={[{ required: true, whitespace: true, message: t('device.codeMissing') }]}
      >
        <Input className="device-code" maxLength={32} autoComplete="off" spellCheck={false} autoCapitalize="characters" />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={look.isPending}>
        {t('device.goOn')}
      </Button>
    </Form>
  )
}

interface RequestProps extends Omit<DeviceLoginProps, 'account'> {
  readonly code: string
  readonly account: string
  readonly asked: Awaited<ReturnType<typeof api.deviceLogins.inspect>>
  readonly onDecided: (decision: Decision) => void
}

function Request({ code, email, account, asked: { client, address, scopes }, onDecided }: RequestProps) {
  const { t } = useTranslation()
  const [days, setDays] = useState<(typeof TOKEN_DAYS)[number]>(30)
  const decide = useMutation({
    mutationFn: (decision: Decision) => api.deviceLogins.decide({ userCode: code, decision, days }),
    onSuccess: ({ decision }) => onDecided(decision),
  })
  return (
    <>
      <Alert type="warning" showIcon role="none" title={t('device.warning')} description={t('device.warningText')} />
      <dl className="fact-list device-facts">
        <dt>{t('device.client')}</dt>
        <dd className="break">{client}</dd>
        <dt>{t('device.address')}</dt>
        <dd className="mono break">{address ?? '–'}</dd>
        <dt>{t('device.account')}</dt>
        <dd className="break">{account}</dd>
        <dt>{t('device.user')}</dt>
        <dd className="break">{email}</dd>
        <dt>{t('device.scopes')}</dt>
        <dd className="mono break">{scopes.length === 0 ? t('device.nothing') : scopes.join(', ')}</dd>
        <dt id="device-days">{t('device.days')}</dt>
        <dd>
          <Radio.Group aria-labelledby="device-days" value={days} onChange={({ target }) => setDays(target.value as typeof days)}>
            {TOKEN_DAYS.map((each) => (
              <Radio key={each} value={each}>
                {t('device.dayCount', { count: each })}
              </Radio>
            ))}
          </Radio.Group>
        </dd>
      </dl>
      {needsFresh(decide.error) ? (
        <FreshDialog purpose="goOn" onConfirmed={() => decide.mutate('give')} onClose={decide.reset} />
      ) : (
        <ProblemNotice error={decide.error} />
      )}
      <div className="button-row">
        <Button
          type="primary"
          disabled={scopes.length === 0}
          loading={decide.isPending && decide.variables === 'give'}
          onClick={() => decide.mutate('give')}
        >
          {t('device.give')}
        </Button>
        <Button loading={decide.isPending && decide.variables === 'refuse'} onClick={() => decide.mutate('refuse')}>
          {t('device.refuse')}
        </Button>
      </div>
    </>
  )
}
