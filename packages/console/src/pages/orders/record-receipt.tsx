/**
 * The operator records a transfer that came in for an invoice, in whole or in part.
 *
 * @module
 */
import type { PaymentView } from '@evercert/contract'
import { useMutation } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useIdempotencyKey } from '../../api/idempotency-key.ts'
import { Action } from '../../components/action.tsx'
import { AmountFields } from '../../components/amount-fields.tsx'
import { amountText, parseAmount } from '../../components/amount.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { formatMoney } from '../../components/money.ts'
import { useToasts } from '../../components/said.tsx'
import { useRefreshMoney } from './refresh-money.ts'

interface Values {
  readonly amount: string
  readonly currency: string
  readonly reference: string
  readonly note?: string
}

export function RecordReceipt({ payment }: { readonly payment: PaymentView }) {
  const { t } = useTranslation()
  const toasts = useToasts()
  const [form] = Form.useForm<Values>()
  const [isOpen, setOpen] = useState(false)
  const keyFor = useIdempotencyKey()
  const refresh = useRefreshMoney()
  const { id, amount, received } = payment
  const record = useMutation({
    mutationFn: ({ amount: text, currency, reference, note }: Values) => {
      const receipt = {
        id,
        amountMinor: parseAmount(text, currency) ?? 0,
        currency,
        reference,
        ...(note !== undefined && note !== '' && { note }),
      }
      return api.payments.recordReceipt(receipt, keyFor(receipt))
    },
    onSuccess: async (changed) => {
      setOpen(false)
      toasts.success((t) => t('orders.receiptDone', { state: t(`orders.paymentStates.${changed.state}`) }))
      await refresh()
    },
  })
  const missing = Math.max(0, amount.amountMinor - received.amountMinor)
  return (
    <>
      <Action label={t('orders.recordReceipt')} of={id} onClick={() => setOpen(true)} />
      <FormDrawer<Values>
        form={form}
        title={t('orders.recordReceipt')}
        intro={t('orders.receiptIntro', { received: formatMoney(received), amount: formatMoney(amount) })}
        submit={t('orders.recordReceipt')}
        isOpen={isOpen}
        isPending={record.isPending}
        error={record.error}
        initialValues={{ amount: missing === 0 ? '' : amountText(missing, amount.currency), currency: amount.currency }}
        onSubmit={(values) => record.mutate(values)}
        onClose={() => {
          setOpen(false)
          record.reset()
        }}
      >
        <AmountFields label={t('orders.receiptAmount')} isCurrencyFixed />
        <Form.Item
          name="reference"
          label={t('orders.reference')}
          extra={t('orders.referenceHelp')}
          rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
        >
          <Input maxLength={64} autoComplete="off" />
        </Form.Item>
        <Form.Item name="note" label={t('fields.note')}>
          <Input maxLength={200} autoComplete="off" />
        </Form.Item>
      </FormDrawer>
    </>
  )
}
