/**
 * Asks again who is there, before a private key is given out, or somebody is given what gets them.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import { useMutation, useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form, { type FormInstance } from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { confirmByPasskey, hasPasskeys } from '../api/passkeys.ts'
import { confirmByProvider } from '../api/sign-in.ts'
import { useMe } from '../api/use-me.ts'
import { ConfirmDialog } from './confirm-dialog.tsx'
import { DeviceProblem } from './device-problem.tsx'
import './fresh-dialog.css'
import { Loading } from './loading.tsx'
import { ProblemNotice } from './problem-notice.tsx'

export function needsFresh(error: unknown): boolean {
  return error instanceof ApiProblem && error.problem.code === 'freshAuthenticationNeeded'
}

/** What follows at once: a download, or whatever else was asked for. */
type Purpose = 'download' | 'goOn'

interface FreshDialogProps {
  readonly purpose?: Purpose
  readonly onConfirmed: () => void
  readonly onClose: () => void
}

const TEXTS = {
  download: {
    text: 'certificate.freshText',
    confirm: 'certificate.freshConfirm',
    passkey: 'certificate.freshByPasskey',
    provider: 'certificate.freshByProviderHelp',
  },
  goOn: {
    text: 'certificate.goOnText',
    confirm: 'certificate.goOnConfirm',
    passkey: 'certificate.goOnByPasskey',
    provider: 'certificate.goOnByProviderHelp',
  },
} as const satisfies Record<Purpose, object>

interface Values {
  readonly password?: string
  readonly code?: string
}

/** In the ways that the user has: password, code, passkey, or their provider of single sign-on. */
export function FreshDialog({ purpose = 'download', onConfirmed, onClose }: FreshDialogProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const ways = useQuery({ queryKey: keys.confirmationWays, queryFn: () => api.sessions.ways() })
  const confirm = useMutation({
    mutationFn: ({ password = '', code = '' }: Values) =>
      api.sessions.confirm(code === '' ? { password } : { code: code.replaceAll(' ', '') }),
    onSuccess: onConfirmed,
  })
  const { data } = ways
  const hasForm = data !== undefined && (data.password || data.code)
  return (
    <ConfirmDialog
      title={t('certificate.freshTitle')}
      isOpen
      confirm={t(TEXTS[purpose].confirm)}
      isDangerous={false}
      hasConfirm={hasForm}
      isPending={confirm.isPending}
      error={confirm.error}
      onConfirm={() => form.submit()}
      onClose={onClose}
    >
      <p>{t(TEXTS[purpose].text)}</p>
      {data === undefined &&
        (ways.isPending ? <Loading /> : <ProblemNotice error={ways.error} onRetry={() => void ways.refetch()} />)}
      {hasForm && <FreshForm form={form} ways={data} onFinish={(values) => confirm.mutate(values)} />}
      {data !== undefined && <OtherWays ways={data} isAlone={!hasForm} texts={TEXTS[purpose]} onConfirmed={onConfirmed} />}
    </ConfirmDialog>
  )
}

type Ways = Awaited<ReturnType<typeof api.sessions.ways>>

interface FreshFormProps {
  readonly form: FormInstance<Values>
  readonly ways: Ways
  readonly onFinish: (values: Values) => void
}

function FreshForm({ form, ways, onFinish }: FreshFormProps) {
  const { t } = useTranslation()
  const { data: me } = useMe()
  return (
    <Form<Values> form={form} name="fresh" layout="vertical" requiredMark={false} onFinish={onFinish}>
      <input type="text" autoComplete="username" value={me?.user?.email ?? ''} readOnly hidden />
      {ways.password && (
        <Form.Item
          name="password"
          label={t('certificate.freshPassword')}
          dependencies={['code']}
          rules={[
            ({ getFieldValue }) => ({
              required: ((getFieldValue('code') as string | undefined) ?? '') === '',
              message: t('signIn.passwordMissing'),
            }),
          ]}
        >
          <Input.Password autoComplete="current-password" maxLength={128} />
        </Form.Item>
      )}
      {ways.code && (
        <Form.Item
          name="code"
          label={ways.password ? t('certificate.freshCode') : t('certificate.freshCodeAlone')}
          rules={[{ required: !ways.password, pattern: /^(\d ?){6}$/, message: t('security.codeMissing') }]}
        >
          <Input inputMode="numeric" autoComplete="one-time-code" maxLength={12} />
        </Form.Item>
      )}
      <button type="submit" hidden>
        {t('certificate.freshConfirm')}
      </button>
    </Form>
  )
}

interface OtherWaysProps {
  readonly ways: Ways
  readonly isAlone: boolean
  readonly texts: (typeof TEXTS)[Purpose]
  readonly onConfirmed: () => void
}

/** A passkey, which the download follows at once; or the provider, from which one comes back to this page. */
function OtherWays({ ways, isAlone, texts, onConfirmed }: OtherWaysProps) {
  const { t } = useTranslation()
  const byPasskey = useMutation({ mutationFn: confirmByPasskey, onSuccess: onConfirmed })
  const byProvider = useMutation({ mutationFn: (provider: string) => confirmByProvider(provider, location.pathname) })
  const offersPasskey = ways.passkey && hasPasskeys()
  if (!offersPasskey && ways.providers.length === 0) {
    return isAlone ? (
      <p className="muted">
        <Link href="/sign-in">{t('certificate.freshSignIn')}</Link>
      </p>
    ) : null
  }
  return (
    <div className="fresh-ways">
      {!isAlone && <p className="or muted">{t('signIn.or')}</p>}
      <DeviceProblem error={byPasskey.error ?? byProvider.error} />
      {offersPasskey && (
        <Button block loading={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
          {t(texts.passkey)}
        </Button>
      )}
      {ways.providers.map(({ id, title }) => (
        <Button
          key={id}
          block
          loading={byProvider.isPending && byProvider.variables === id}
          onClick={() => byProvider.mutate(id)}
        >
          {t('certificate.freshByProvider', { title })}
        </Button>
      ))}
      {ways.providers.length > 0 && <p className="muted">{t(texts.provider)}</p>}
    </div>
  )
}
