/**
 * What somebody sets for themselves and for programs. Members and ways of signing in belong here too.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { PageHead, PageTabs } from '../../components/page.tsx'
import { AboutTab } from './about-tab.tsx'
import { PreferencesTab } from './preferences-tab.tsx'
import { TokensTab } from './tokens-tab.tsx'

const PREFERENCES = '/settings'
const TOKENS = '/settings/tokens'
const ABOUT = '/settings/about'

export function SettingsPage() {
  const { t } = useTranslation()
  const [path] = useLocation()
  return (
    <>
      <PageHead title={t('settings.title')} />
      <PageTabs
        label={t('settings.title')}
        tabs={[
          { path: PREFERENCES, title: t('settings.preferences') },
          { path: TOKENS, title: t('settings.tokens') },
          { path: ABOUT, title: t('settings.about') },
        ]}
      />
      {path.startsWith(TOKENS) ? <TokensTab /> : path.startsWith(ABOUT) ? <AboutTab /> : <PreferencesTab />}
    </>
  )
}
