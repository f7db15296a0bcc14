/**
 * What Evercert told, by which channels, and when it tells.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { PageTabs } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ChannelsTab } from './channels-tab.tsx'
import { InboxTab } from './inbox-tab.tsx'
import { RulesTab } from './rules-tab.tsx'

const INBOX = '/notices'
const CHANNELS = '/notices/channels'
const RULES = '/notices/settings'

export function NoticesPage() {
  const { t } = useTranslation()
  const [path] = useLocation()
  return (
    <>
      <PageHead title={t('shell.notices')} intro={t('notices.intro')} />
      <PageTabs
        label={t('shell.notices')}
        tabs={[
          { path: INBOX, title: t('notices.inbox') },
          { path: CHANNELS, title: t('notices.channels') },
          { path: RULES, title: t('notices.rules') },
        ]}
      />
      {path.startsWith(CHANNELS) ? <ChannelsTab /> : path.startsWith(RULES) ? <RulesTab /> : <InboxTab />}
    </>
  )
}
