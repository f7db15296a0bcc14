/**
 * An amount and its currency, as two fields of a form that belong together.
 *
 * @module
 */
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { parseAmount } from './amount.ts'

interface AmountFieldsProps {
  readonly label: string
  /** Of the currency's field, for rules of the amount; the amount itself is in `amount`. */
  readonly help?: string
  readonly isCurrencyFixed?: boolean
  /** Nothing is an amount too. */
  readonly isZeroAllowed?: boolean
}

/** Values: `amount` as text, `currency` in three letters. */
export function AmountFields({ label, help, isCurrencyFixed = false, isZeroAllowed = false }: AmountFieldsProps) {
  const { t } = useTranslation()
  return (
    <div className="form-pair">
      <Form.Item
        name="amount"
        label={label}
        extra={help}
        dependencies={['currency']}
        rules={[
          { required: true, message: t('fields.required') },
          ({ getFieldValue }) => ({
            validator: (_rule, text: string | undefined) => {
              const minor = parseAmount(text ?? '', String(getFieldValue('currency') ?? ''))
              return text === undefined || text === '' || (minor !== null && (minor > 0 || isZeroAllowed))
                ? Promise.resolve()
                : Promise.reject(new Error(t('fields.badAmount')))
            },
          }),
        ]}
      >
        <Input inputMode="decimal" maxLength={20} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="currency"
        label={t('fields.currency')}
        normalize={(text: string) => text.toUpperCase()}
        rules={[{ required: true, pattern: /^[A-Z]{3}$/, message: t('fields.badCurrency') }]}
      >
        <Input maxLength={3} autoComplete="off" disabled={isCurrencyFixed} />
      </Form.Item>
    </div>
  )
}
