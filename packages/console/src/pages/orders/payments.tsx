/**
 * The attempts to pay an order: where to pay, what came in, and asking the provider.
 *
 * @module
 */
import type { PaymentView } from '@evercert/contract'
import { useMutation, useQuery } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { CopyText } from '../../components/copy-text.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { formatMoney } from '../../components/money.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { afterColon } from '../../components/join-list.ts'
import { PaymentTable } from './payment-table.tsx'
import { useRefreshMoney } from './refresh-money.ts'

const OPEN_REFRESH_MS = 5000

export function Payments({ orderId }: { readonly orderId: string }) {
  const { t } = useTranslation()
  const payments = useQuery({
    queryKey: keys.payments(orderId),
    queryFn: () => api.payments.list({ orderId }),
    refetchInterval: ({ state: { data } }) =>
      data?.items.some(({ state }) => state === 'created') === true ? OPEN_REFRESH_MS : false,
  })
  const items = payments.data?.items ?? []
  return (
    <section className="panel" aria-label={t('orders.payments')}>
      <h2>{t('orders.payments')}</h2>
      {payments.isPending && <Loading />}
      <ProblemNotice error={payments.error} onRetry={() => void payments.refetch()} />
      {items
        .filter(({ state, place }) => state === 'created' && place !== null)
        .map((payment) => (
          <OpenPayment key={payment.id} payment={payment} />
        ))}
      {payments.data !== undefined && items.length === 0 && <p className="muted">{t('orders.noPayments')}</p>}
      {items.length > 0 && <PaymentTable payments={items} isOfOneOrder />}
    </section>
  )
}

/** Begun and not through: where the payer goes. */
function OpenPayment({ payment: { id, place, received, amount } }: { readonly payment: PaymentView }) {
  const { t } = useTranslation()
  const refresh = useRefreshMoney()
  const check = useMutation({ mutationFn: () => api.payments.check({ id }), onSuccess: refresh })
  if (place === null) return null
  return (
    <Alert
      className="pay-place"
      type="info"
      showIcon
      role="status"
      title={t('orders.waiting', { received: formatMoney(received), amount: formatMoney(amount) })}
      description={
        <>
          {place.kind === 'redirect' ? (
            <p>
              <a href={place.url} target="_blank" rel="noreferrer noopener">
                {t('orders.goToProvider')}
              </a>
            </p>
          ) : (
            <>
              <p className="keep-lines">{place.instructions}</p>
              <p>{t('orders.invoiceNumber')}</p>
              <CopyText text={place.number} what={t('orders.invoiceNumber')} />
              <p>
                {t('orders.dueAt')}
                {afterColon()}
                <Moment at={place.dueAt} />
              </p>
            </>
          )}
          <ProblemNotice error={check.error} />
          {place.kind === 'redirect' && (
            <AllowedButton
              operation="payments.check"
              label={t('orders.check')}
              size="small"
              loading={check.isPending}
              onClick={() => check.mutate()}
            />
          )}
        </>
      }
    />
  )
}
