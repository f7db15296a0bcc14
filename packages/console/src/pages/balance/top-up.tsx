/**
 * The operator records money that came in for the balance.
 *
 * @module
 */
import { useMutation } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { useIdempotencyKey } from '../../api/idempotency-key.ts'
import { AmountFields } from '../../components/amount-fields.tsx'
import { amountText, parseAmount } from '../../components/amount.ts'
import { DoneNotice } from '../../components/done-notice.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { formatMoney } from '../../components/money.ts'
import { useRefreshMoney } from '../orders/refresh-money.ts'

interface Values {
  readonly amount: string
  readonly currency: string
  readonly note?: string
}

interface TopUpProps {
  readonly currency: string
  /** What is lacking; left out: somebody says how much. */
  readonly amountMinor?: number
}

export function TopUp({ currency, amountMinor }: TopUpProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  /** Counts the forms that were opened: the same amount may come in twice, and each form books it once. */
  const [opened, setOpened] = useState(0)
  const [isOpen, setOpen] = useState(false)
  const keyFor = useIdempotencyKey()
  const refresh = useRefreshMoney()
  const topUp = useMutation({
    mutationFn: ({ amount, currency: chosen, note }: Values) => {
      const request = {
        amountMinor: parseAmount(amount, chosen) ?? 0,
        currency: chosen,
        ...(note !== undefined && note !== '' && { note }),
      }
      return api.balance.topUp(request, keyFor({ ...request, opened }))
    },
    onSuccess: async () => {
      setOpen(false)
      await refresh()
    },
  })
  const done = topUp.data === undefined ? undefined : topUp.variables
  const total = topUp.data?.balances.find((money) => money.currency === done?.currency)
  return (
    <>
      <div className="button-row">
        <Button
          type="primary"
          onClick={() => {
            topUp.reset()
            setOpened(opened + 1)
            setOpen(true)
          }}
        >
          {t('balance.topUp')}
        </Button>
      </div>
      <div className="top-up-done">
        <DoneNotice title={total === undefined ? null : t('balance.topUpDone', { amount: formatMoney(total) })} />
      </div>
      <FormDrawer<Values>
        form={form}
        title={t('balance.topUp')}
        intro={t('balance.topUpIntro')}
        submit={t('balance.topUp')}
        isOpen={isOpen}
        isPending={topUp.isPending}
        error={topUp.error}
        initialValues={{ currency, ...(amountMinor !== undefined && { amount: amountText(amountMinor, currency) }) }}
        onSubmit={(values) => topUp.mutate(values)}
        onClose={() => setOpen(false)}
      >
        <AmountFields label={t('balance.amount')} />
        <Form.Item name="note" label={t('fields.note')} extra={t('balance.noteHelp')}>
          <Input maxLength={200} autoComplete="off" />
        </Form.Item>
      </FormDrawer>
    </>
  )
}
