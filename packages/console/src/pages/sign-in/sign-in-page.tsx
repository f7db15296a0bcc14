/**
 * Signing in, and back to where one was.
 *
 * @module
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { useLocation, useSearchParams } from 'wouter'
import { createClientWith } from '../../api/client.ts'
import { writeTabToken } from '../../api/tab-token.ts'
import { LanguageSwitch, ThemeSwitch } from '../../app/header-tools.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import './sign-in-page.css'

/** Only a path of our own: a link that signs people in must not lead them to another site. */
function placeOf(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : '/'
}

export function SignInPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const [, go] = useLocation()
  const queries = useQueryClient()
  const signIn = useMutation({
    mutationFn: async ({ token }: { readonly token: string }) => {
      await createClientWith(token.trim()).certificates.counts({})
      return token.trim()
    },
    onSuccess: (token) => {
      writeTabToken(token)
      queries.clear()
      go(placeOf(params.get('next')), { replace: true })
    },
  })
  return (
    <div className="sign-in">
      <div className="sign-in-tools">
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
      <main className="panel sign-in-panel">
        <svg viewBox="0 0 32 32" width="44" height="44" aria-hidden="true">
          <path className="brand-shield" d="M16 2 4 6.5v8.7c0 7 5 12.4 12 14.8 7-2.4 12-7.8 12-14.8V6.5z" />
          <path className="brand-tick" d="m10.5 16.3 4 4 7.5-8.3" />
        </svg>
        <h1>{t('signIn.title')}</h1>
        <ProblemNotice error={signIn.error} />
        <Form layout="vertical" requiredMark={false} onFinish={(values: { token: string }) => signIn.mutate(values)}>
          <Form.Item
            name="token"
            label={t('signIn.token')}
            extra={t('signIn.tokenHelp')}
            rules={[{ required: true, whitespace: true, message: t('signIn.tokenMissing') }]}
          >
            <Input.Password autoComplete="off" maxLength={512} />
          </Form.Item>
          <Button type="primary" htmlType="submit" block loading={signIn.isPending}>
            {t('signIn.submit')}
          </Button>
        </Form>
      </main>
    </div>
  )
}
