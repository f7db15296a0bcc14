/**
 * How somebody signs in: password, second factor, and the sessions that go on.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useMe } from '../../api/use-me.ts'
import { QueryView } from '../../components/query-view.tsx'
import { OwnTokensPanel } from './own-tokens-panel.tsx'
import { PasskeysPanel } from './passkeys-panel.tsx'
import { PasswordPanel } from './password-panel.tsx'
import { SecondFactorPanel } from './second-factor-panel.tsx'
import './security-tab.css'
import { SessionsPanel } from './sessions-panel.tsx'

export function SecurityTab() {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <QueryView query={me}>
      {({ user }) =>
        user === null ? (
          <section className="panel" aria-label={t('shell.security')}>
            <p>{t('security.byToken')}</p>
          </section>
        ) : (
          <>
            {user.hasPassword ? (
              <>
                <PasswordPanel email={user.email} />
                <SecondFactorPanel user={user} />
              </>
            ) : (
              <section className="panel" aria-label={t('security.password')}>
                <p>{t('security.bySingleSignOn')}</p>
              </section>
            )}
            <PasskeysPanel user={user} />
            <OwnTokensPanel />
            <SessionsPanel />
          </>
        )
      }
    </QueryView>
  )
}
