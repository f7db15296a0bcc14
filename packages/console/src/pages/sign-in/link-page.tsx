/**
 * A page that a link with a secret leads to; without the secret it says how to get all of the link.
 *
 * @module
 */
import Alert from 'antd/es/alert'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { takeLinkToken } from '../../app/link-token.ts'
import { SignInFrame } from './sign-in-frame.tsx'

interface LinkPageProps {
  readonly title: string
  readonly children: (token: string) => ReactNode
}

export function LinkPage({ title, children }: LinkPageProps) {
  const { t } = useTranslation()
  const [token] = useState(takeLinkToken)
  return (
    <SignInFrame title={title}>
      {token === null ? (
        <>
          <Alert type="warning" showIcon title={t('signIn.linkMissing')} description={t('signIn.linkMissingHelp')} />
          <p>
            <Link href="/sign-in">{t('signIn.submit')}</Link>
          </p>
        </>
      ) : (
        children(token)
      )}
    </SignInFrame>
  )
}
