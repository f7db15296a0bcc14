/**
 * What was paid for an order, to print: for whoever asks what the money was spent on.
 *
 * @module
 */
import type { OrderView, PaymentView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMe } from '../../api/use-me.ts'
import type { PageProps } from '../../app/page-props.ts'
import { gradeOf } from '../../components/grade.ts'
import { LinkButton } from '../../components/link-button.tsx'
import { formatMoney } from '../../components/money.ts'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { PrintButton, Sheet, UtcMoment } from '../../components/sheet.tsx'
import { useBrandTitle } from '../../components/brand-title.ts'
import { pick } from '../../i18n/i18n.ts'
import { orderPlace, productTitle } from './order-terms.ts'

export function PaymentConfirmationPage({ params: { id = '' } }: PageProps) {
  const { t } = useTranslation()
  const order = useQuery({ queryKey: keys.order(id), queryFn: () => api.orders.get({ id }) })
  const payments = useQuery({ queryKey: keys.payments(id), queryFn: () => api.payments.list({ orderId: id }) })
  return (
    <QueryView query={order}>
      {(data) => (
        <>
          <PageHead
            title={t('orders.confirmation')}
            actions={
              <>
                {data.paidAt !== null && <PrintButton />}
                <LinkButton href={orderPlace(id)} type="default">
                  {t('orders.backToOrder')}
                </LinkButton>
              </>
            }
          />
          {data.paidAt === null ? (
            <p className="panel">{t('orders.notPaid')}</p>
          ) : (
            <QueryView query={payments}>
              {({ items }) => <Confirmation order={data} paidAt={data.paidAt ?? ''} payments={items} />}
            </QueryView>
          )}
        </>
      )}
    </QueryView>
  )
}

interface ConfirmationProps {
  readonly order: OrderView
  readonly paidAt: string
  readonly payments: readonly PaymentView[]
}

function Confirmation({ order, paidAt, payments }: ConfirmationProps) {
  const { t } = useTranslation()
  const me = useMe()
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  const { id, kind, state, productId, specification, domainCount, termYears, price, listPrice, discount, placedAt } = order
  const { brand, certificateType, domainType, grade } = specification
  const brandTitle = useBrandTitle()
  return (
    <Sheet title={t('orders.confirmation')}>
      <dl>
        <dt>{t('orders.order')}</dt>
        <dd>
          <code>{id}</code>
        </dd>
        <dt>{t('shell.accountName')}</dt>
        <dd>{me.data?.account?.name ?? '–'}</dd>
        <dt>{t('orders.soldBy')}</dt>
        <dd>{location.origin}</dd>
        <dt>{t('orders.placedAt')}</dt>
        <dd>
          <UtcMoment at={placedAt} />
        </dd>
        <dt>{t('orders.paidAt')}</dt>
        <dd>
          <UtcMoment at={paidAt} />
        </dd>
        <dt>{t('orders.state')}</dt>
        <dd>{t(`orders.states.${state}`)}</dd>
      </dl>
      <h3>{t('orders.product')}</h3>
      <dl>
        <dt>{t('orders.product')}</dt>
        <dd>
          <strong>{productTitle(products.data?.items, productId)}</strong>
          <br />
          {[brandTitle(brand), certificateType, t(`terms.domainType.${domainType}`), gradeOf(grade)].join(' · ')}
        </dd>
        <dt>{t('orders.kind')}</dt>
        <dd>{t(`orders.kinds.${kind}`)}</dd>
        <dt>{t('orders.what')}</dt>
        <dd>
          {t('terms.years', { count: termYears })} · {t('orders.domains', { count: domainCount })}
        </dd>
        {discount !== null && (
          <>
            <dt>{t('orders.listPrice')}</dt>
            <dd>{formatMoney(listPrice)}</dd>
            <dt>{pick(discount.title)}</dt>
            <dd>−{formatMoney(discount.amount)}</dd>
          </>
        )}
        <dt>{t('orders.price')}</dt>
        <dd className="sheet-total">{formatMoney(price)}</dd>
      </dl>
      <h3>{t('orders.payments')}</h3>
      <Lines payments={payments} />
      <p>{t('orders.noInvoice')}</p>
    </Sheet>
  )
}

/** Money that moved; attempts that came to nothing are no part of it. */
function Lines({ payments }: { readonly payments: readonly PaymentView[] }) {
  const { t } = useTranslation()
  const connections = useQuery({ queryKey: keys.paymentConnections, queryFn: () => api.paymentConnections.list() })
  const titleOf = (method: string): string =>
    method === 'balance' ? t('orders.balance') : (connections.data?.items.find(({ id }) => id === method)?.title ?? method)
  const moved = payments.filter(
    ({ state, received }) => state === 'succeeded' || state === 'refunded' || received.amountMinor > 0,
  )
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('orders.payment')}</th>
          <th scope="col">{t('orders.method')}</th>
          <th scope="col">{t('orders.begunAt')}</th>
          <th scope="col">{t('orders.state')}</th>
          <th scope="col">{t('orders.received')}</th>
        </tr>
      </thead>
      <tbody>
        {moved.map(({ id, method, createdAt, state, amount, received }) => (
          <tr key={id}>
            <td>
              <code>{id}</code>
            </td>
            <td>{titleOf(method)}</td>
            <td>
              <UtcMoment at={createdAt} />
            </td>
            <td>{t(`orders.paymentStates.${state}`)}</td>
            <td>{formatMoney(method === 'balance' ? amount : received)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
