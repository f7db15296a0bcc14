/**
 * What is ahead: how far the renewals of today are, how many the months to come will bring, and which day ends what.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { PageHead } from '../../components/page-head.tsx'
import { ExpiryCalendar } from './expiry-calendar.tsx'
import { ForecastPanel } from './forecast-panel.tsx'
import { FunnelPanel } from './funnel-panel.tsx'
import './outlook-page.css'

export function OutlookPage() {
  const { t } = useTranslation()
  return (
    <>
      <PageHead title={t('shell.outlook')} intro={t('outlook.intro')} />
      <FunnelPanel />
      <ForecastPanel />
      <ExpiryCalendar />
    </>
  )
}
