/**
 * Payments as a table; the operator records what came in for an invoice.
 *
 * @module
 */
import type { PaymentView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { Moment } from '../../components/moment.tsx'
import { formatMoney } from '../../components/money.ts'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { ShortId } from '../../components/short-id.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { orderPlace, PAYMENT_TONES } from './order-terms.ts'
import { RecordReceipt } from './record-receipt.tsx'

/** Nothing more is expected for these. */
const DONE = new Set(['succeeded', 'refunded'])

/** Why money went to the balance; other problems are codes of failures. */
const CREDIT_REASONS = ['wrongAmount', 'wrongCurrency', 'orderNotPayable', 'paymentEnded'] as const

function isCreditReason(problem: string): problem is (typeof CREDIT_REASONS)[number] {
  return (CREDIT_REASONS as readonly string[]).includes(problem)
}

interface PaymentTableProps {
  readonly payments: readonly PaymentView[]
  /** All are of the order that the page shows. */
  readonly isOfOneOrder?: boolean
}

export function PaymentTable({ payments, isOfOneOrder = false }: PaymentTableProps) {
  const { t } = useTranslation()
  const columns = useColumns().filter(({ key }) => !(isOfOneOrder && key === 'order'))
  return <RecordTable label={t('orders.payments')} columns={columns} rows={payments} rowKey={({ id }) => id} />
}

function useColumns(): readonly Column<PaymentView>[] {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  const connections = useQuery({ queryKey: keys.paymentConnections, queryFn: () => api.paymentConnections.list() })
  const titleOf = (method: string): string =>
    method === 'balance' ? t('orders.balance') : (connections.data?.items.find(({ id }) => id === method)?.title ?? method)
  return [
    {
      key: 'payment',
      title: t('orders.payment'),
      render: ({ id, method }) => (
        <>
          <div className="record-name">{titleOf(method)}</div>
          <div className="muted">
            <ShortId id={id} />
          </div>
        </>
      ),
    },
    {
      key: 'order',
      title: t('orders.order'),
      render: ({ orderId }) => (
        <Link href={orderPlace(orderId)}>
          <ShortId id={orderId} />
        </Link>
      ),
    },
    {
      key: 'state',
      title: t('orders.state'),
      render: ({ state, problem }) => (
        <>
          <Mark tone={PAYMENT_TONES[state]}>{t(`orders.paymentStates.${state}`)}</Mark>
          {problem !== null && (
            <div className="muted break">{isCreditReason(problem) ? t(`orders.creditReasons.${problem}`) : problem}</div>
          )}
        </>
      ),
    },
    { key: 'amount', title: t('orders.amount'), kind: 'number', render: ({ amount }) => formatMoney(amount) },
    {
      key: 'received',
      title: t('orders.received'),
      kind: 'number',
      render: ({ method, received }) => (method === 'balance' ? '–' : formatMoney(received)),
    },
    { key: 'createdAt', title: t('orders.begunAt'), render: ({ createdAt }) => <Moment at={createdAt} /> },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (payment) =>
        isOperator && payment.place?.kind === 'invoice' && !DONE.has(payment.state) ? <RecordReceipt payment={payment} /> : null,
    },
  ]
}
