/**
 * Letting a certificate renew by itself (托管): the most that one renewal may cost.
 *
 * @module
 */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { AmountFields } from '../../components/amount-fields.tsx'
import { amountText, parseAmount } from '../../components/amount.ts'
import { Consequences } from '../../components/consequences.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'
import type { CertificateFormProps } from './rename-drawer.tsx'

interface Values {
  readonly amount: string
  readonly currency: string
}

const DEFAULT_CURRENCY = 'CNY'

export function ManageDrawer({ certificate: { id, management }, isOpen, onClose }: CertificateFormProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const manage = useMutation({
    mutationFn: ({ amount, currency }: Values) =>
      api.management.start({ id, spendingLimit: { amountMinor: parseAmount(amount, currency) ?? 0, currency } }),
    onSuccess: async () => {
      onClose()
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  const limit = management?.spendingLimit ?? null
  const title = limit === null ? t('life.manage') : t('life.changeLimit')
  return (
    <FormDrawer<Values>
      form={form}
      title={title}
      intro={t('life.manageIntro')}
      submit={title}
      isOpen={isOpen}
      isPending={manage.isPending}
      error={manage.error}
      initialValues={
        limit === null
          ? { currency: DEFAULT_CURRENCY }
          : { amount: amountText(limit.amountMinor, limit.currency), currency: limit.currency }
      }
      onSubmit={(values) => manage.mutate(values)}
      onClose={onClose}
    >
      <Consequences items={[t('life.manageWhen'), t('life.manageMoney'), t('life.manageRevoke')]} />
      <AmountFields label={t('life.limit')} help={t('life.limitHelp')} isZeroAllowed />
    </FormDrawer>
  )
}
