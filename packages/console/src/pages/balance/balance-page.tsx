/**
 * The money of the account: balance and ledger, payments, and the ways to pay that the operator connected.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { PageTabs } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { BalanceTab } from './balance-tab.tsx'
import { ConnectionsTab } from './connections-tab.tsx'
import { PaymentsTab } from './payments-tab.tsx'

const BALANCE = '/balance'
const PAYMENTS = '/balance/payments'
const CONNECTIONS = '/balance/connections'

export function BalancePage() {
  const { t } = useTranslation()
  const [path] = useLocation()
  return (
    <>
      <PageHead title={t('balance.title')} />
      <PageTabs
        label={t('balance.title')}
        tabs={[
          { path: BALANCE, title: t('balance.balance') },
          { path: PAYMENTS, title: t('balance.payments') },
          { path: CONNECTIONS, title: t('balance.connections') },
        ]}
      />
      {path.startsWith(PAYMENTS) ? <PaymentsTab /> : path.startsWith(CONNECTIONS) ? <ConnectionsTab /> : <BalanceTab />}
    </>
  )
}
