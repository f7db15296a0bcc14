/**
 * Prices of a product: one for each term that is sold.
 *
 * @module
 */
import type { Rule } from 'antd/es/form'
import Button from 'antd/es/button'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import Select from 'antd/es/select'
import { useTranslation } from 'react-i18next'
import { parseAmount } from '../../components/amount.ts'
import { MAX_TERMS, nextTerm, type PriceValues } from './product-form.ts'

const MAX_DOMAINS = 250
const TERMS = Array.from({ length: MAX_TERMS }, (_, index) => index + 1)

export function PriceFields() {
  const { t } = useTranslation()
  const form = Form.useFormInstance()
  return (
    <>
      <Form.Item
        name="currency"
        label={t('fields.currency')}
        normalize={(text: string) => text.toUpperCase()}
        rules={[{ required: true, pattern: /^[A-Z]{3}$/, message: t('fields.badCurrency') }]}
      >
        <Input maxLength={3} autoComplete="off" />
      </Form.Item>
      <Form.List name="prices">
        {(fields, { add, remove }) => (
          <>
            {fields.map(({ key, name }) => (
              <Price key={key} name={name} {...(fields.length > 1 && { onRemove: () => remove(name) })} />
            ))}
            {fields.length < MAX_TERMS && (
              <Button
                onClick={() => {
                  const prices = (form.getFieldValue('prices') ?? []) as Partial<PriceValues>[]
                  add({ termYears: nextTerm(prices), base: '', includedDomains: 1, extraDomain: '0' })
                }}
              >
                {t('products.addTerm')}
              </Button>
            )}
          </>
        )}
      </Form.List>
    </>
  )
}

interface PriceProps {
  /** Its position in the list. */
  readonly name: number
  /** Not for the last one: a product has a price. */
  readonly onRemove?: () => void
}

function Price({ name, onRemove }: PriceProps) {
  const { t } = useTranslation()
  const amount = useAmountRule()
  return (
    <fieldset className="price-row">
      <legend>{t('products.priceOf')}</legend>
      <div className="form-pair">
        <Form.Item name={[name, 'termYears']} label={t('products.term')} rules={[useTermRule(name)]}>
          <Select options={TERMS.map((years) => ({ value: years, label: t('terms.years', { count: years }) }))} />
        </Form.Item>
        <Form.Item name={[name, 'base']} label={t('products.base')} dependencies={['currency']} rules={[amount]}>
          <Input inputMode="decimal" maxLength={20} autoComplete="off" />
        </Form.Item>
        <Form.Item
          name={[name, 'includedDomains']}
          label={t('products.included')}
          rules={[{ required: true, message: t('fields.required') }]}
        >
          <InputNumber min={1} max={MAX_DOMAINS} precision={0} />
        </Form.Item>
        <Form.Item name={[name, 'extraDomain']} label={t('products.extraDomain')} dependencies={['currency']} rules={[amount]}>
          <Input inputMode="decimal" maxLength={20} autoComplete="off" />
        </Form.Item>
      </div>
      {onRemove !== undefined && (
        <Button size="small" className="remove-price" onClick={onRemove}>
          {t('products.removeTerm')}
        </Button>
      )}
    </fieldset>
  )
}

/** Zero is a price too. */
function useAmountRule(): Rule {
  const { t } = useTranslation()
  return ({ getFieldValue }) => ({
    validator: (_rule, text: string | undefined) =>
      parseAmount(text ?? '', String(getFieldValue('currency') ?? '')) === null
        ? Promise.reject(new Error(t('products.badPrice')))
        : Promise.resolve(),
  })
}

/** Each term has one price. */
function useTermRule(name: number): Rule {
  const { t } = useTranslation()
  return ({ getFieldValue }) => ({
    validator: (_rule, termYears: number | null) => {
      const prices = (getFieldValue('prices') ?? []) as Partial<PriceValues>[]
      const isTaken = prices.some((price, index) => index !== name && price.termYears === termYears)
      return isTaken || termYears === null ? Promise.reject(new Error(t('products.termTaken'))) : Promise.resolve()
    },
  })
}
