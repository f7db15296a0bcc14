/**
 * What somebody sets for themselves and for programs.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { PageTabs } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { AboutTab } from './about-tab.tsx'
import { BackupsTab } from './backups-tab.tsx'
import { MasterKeysTab } from './master-keys-tab.tsx'
import { MembersTab } from './members-tab.tsx'
import { PreferencesTab } from './preferences-tab.tsx'
import { RulesTab } from './rules-tab.tsx'
import { SecurityTab } from './security-tab.tsx'
import { SingleSignOnTab } from './single-sign-on-tab.tsx'
import { TokensTab } from './tokens-tab.tsx'

const PREFERENCES = '/settings'
const SECURITY = '/settings/security'
const MEMBERS = '/settings/members'
const TOKENS = '/settings/tokens'
const RULES = '/settings/rules'
const SINGLE_SIGN_ON = '/settings/single-sign-on'
const MASTER_KEYS = '/settings/master-keys'
const BACKUPS = '/settings/backups'
const ABOUT = '/settings/about'

export function SettingsPage() {
  const { t } = useTranslation()
  const [path] = useLocation()
  const isOperator = useIsOperator() === true
  return (
    <>
      <PageHead title={t('shell.settings')} />
      <PageTabs
        label={t('shell.settings')}
        tabs={[
          { path: PREFERENCES, title: t('settings.preferences') },
          { path: SECURITY, title: t('shell.security') },
          { path: MEMBERS, title: t('settings.members') },
          { path: TOKENS, title: t('settings.tokens') },
          { path: RULES, title: t('approvals.rules') },
          ...(isOperator
            ? [
                { path: SINGLE_SIGN_ON, title: t('singleSignOn.title') },
                { path: MASTER_KEYS, title: t('installation.masterKeys') },
                { path: BACKUPS, title: t('installation.backups') },
              ]
            : []),
          { path: ABOUT, title: t('settings.about') },
        ]}
      />
      <Tab path={path} />
    </>
  )
}

function Tab({ path }: { readonly path: string }) {
  if (path.startsWith(SECURITY)) return <SecurityTab />
  if (path.startsWith(MEMBERS)) return <MembersTab />
  if (path.startsWith(TOKENS)) return <TokensTab />
  if (path.startsWith(RULES)) return <RulesTab />
  if (path.startsWith(SINGLE_SIGN_ON)) return <SingleSignOnTab />
  if (path.startsWith(MASTER_KEYS)) return <MasterKeysTab />
  if (path.startsWith(BACKUPS)) return <BackupsTab />
  if (path.startsWith(ABOUT)) return <AboutTab />
  return <PreferencesTab />
}
