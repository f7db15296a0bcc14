/**
 * Paying an order, from the balance or by what the operator connected; and cancelling it while it is unpaid.
 *
 * @module
 */
import type { OrderView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Radio from 'antd/es/radio'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { api } from '../../api/client.ts'
import { useIdempotencyKey } from '../../api/idempotency-key.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { formatMoney } from '../../components/money.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { useToasts } from '../../components/said.tsx'
import { TopUp } from '../balance/top-up.tsx'
import { useRefreshMoney } from './refresh-money.ts'
import './pay-order.css'

const BALANCE = 'balance'

export function PayOrder({ order }: { readonly order: OrderView }) {
  const { t } = useTranslation()
  const [method, setMethod] = useState(BALANCE)
  const pay = usePay(order)
  const missingMinor = useMissing(order)
  const isShort = method === BALANCE && missingMinor !== null && missingMinor > 0
  return (
    <section className="panel" aria-label={t('orders.pay')}>
      <h2>{t('orders.pay')}</h2>
      <Methods order={order} method={method} onChange={setMethod} />
      {isShort && <Short missingMinor={missingMinor} currency={order.price.currency} />}
      <p className="muted">
        {method === BALANCE
          ? t('orders.payBalanceText', { amount: formatMoney(order.price) })
          : t('orders.payElsewhereText', { amount: formatMoney(order.price) })}
      </p>
      <ProblemNotice error={pay.error} />
      <div className="button-row">
        <AllowedButton
          operation="orders.pay"
          label={method === BALANCE ? t('orders.payNow', { amount: formatMoney(order.price) }) : t('orders.goOnToPay')}
          type="primary"
          loading={pay.isPending}
          onClick={() => pay.mutate(method)}
        />
        <CancelOrder order={order} />
      </div>
    </section>
  )
}

/** An operator books what came in at once, and goes on paying. */
function Short({ missingMinor, currency }: { readonly missingMinor: number; readonly currency: string }) {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  return (
    <>
      <p className="pay-short">
        {t('orders.short', { amount: formatMoney({ amountMinor: missingMinor, currency }) })}{' '}
        {!isOperator && <Link href="/balance">{t('orders.topUp')}</Link>}
      </p>
      {isOperator && <TopUp currency={currency} amountMinor={missingMinor} />}
    </>
  )
}

function usePay(order: OrderView) {
  const [, go] = useLocation()
  const toasts = useToasts()
  const refresh = useRefreshMoney()
  const keyFor = useIdempotencyKey()
  return useMutation({
    mutationFn: (method: string) => api.orders.pay({ id: order.id, method }, keyFor({ id: order.id, method })),
    onSuccess: async (paid) => {
      await refresh()
      if (paid.state !== 'paid' || paid.certificateId === null) return
      toasts.success((t) => t('orders.paidDone'))
      go(`/certificates/${encodeURIComponent(paid.certificateId)}/application`)
    },
  })
}

/** What the balance lacks, in minor units; null while nobody knows. */
function useMissing({ price }: OrderView): number | null {
  const balance = useQuery({ queryKey: keys.balance, queryFn: () => api.balance.get() })
  if (balance.data === undefined) return null
  const own = balance.data.balances.find(({ currency }) => currency === price.currency)?.amountMinor ?? 0
  return Math.max(0, price.amountMinor - own)
}

interface MethodsProps {
  readonly order: OrderView
  readonly method: string
  readonly onChange: (method: string) => void
}

function Methods({ order, method, onChange }: MethodsProps) {
  const { t } = useTranslation()
  const balance = useQuery({ queryKey: keys.balance, queryFn: () => api.balance.get() })
  const connections = useQuery({ queryKey: keys.paymentConnections, queryFn: () => api.paymentConnections.list() })
  const { currency } = order.price
  const own = balance.data?.balances.find((money) => money.currency === currency) ?? { amountMinor: 0, currency }
  const ways = connections.data?.items.filter(({ enabled }) => enabled) ?? []
  return (
    <fieldset className="pay-methods">
      <legend>{t('orders.method')}</legend>
      <ProblemNotice error={balance.error ?? connections.error} />
      <Radio.Group value={method} onChange={(event) => onChange(String(event.target.value))}>
        <Radio value={BALANCE}>
          {balance.data === undefined ? t('orders.balance') : t('orders.balanceOf', { amount: formatMoney(own) })}
        </Radio>
        {ways.map(({ id, title }) => (
          <Radio key={id} value={id}>
            {title}
          </Radio>
        ))}
      </Radio.Group>
    </fieldset>
  )
}

function CancelOrder({ order }: { readonly order: OrderView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const refresh = useRefreshMoney()
  const [isOpen, setOpen] = useState(false)
  const cancel = useMutation({
    mutationFn: () => api.orders.cancel({ id: order.id }),
    onSuccess: async (cancelled) => {
      setOpen(false)
      queries.setQueryData(keys.order(order.id), { ...cancelled, offer: null })
      await refresh()
    },
  })
  return (
    <>
      <AllowedButton operation="orders.cancel" label={t('orders.cancelOrder')} onClick={() => setOpen(true)} />
      <ConfirmDialog
        title={t('orders.cancelOrderTitle')}
        confirm={t('orders.cancelOrder')}
        isOpen={isOpen}
        isPending={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
        onClose={() => {
          setOpen(false)
          cancel.reset()
        }}
      >
        <p>{order.kind === 'renewal' ? t('orders.cancelRenewalText') : t('orders.cancelOrderText')}</p>
      </ConfirmDialog>
    </>
  )
}
