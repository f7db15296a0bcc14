/**
 * Adding a promotion, or changing title, end and uses of one. What it takes off, and from what, stays: orders were placed by it.
 *
 * @module
 */
import type { ProductView, PromotionView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import Radio from 'antd/es/radio'
import Select from 'antd/es/select'
import { useTranslation } from 'react-i18next'
import { isSold } from '../../components/is-sold.ts'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { AmountFields } from '../../components/amount-fields.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'
import type { Said } from '../../components/said.tsx'
import { TitleFields } from '../../components/title-fields.tsx'
import { pick } from '../../i18n/i18n.ts'
import { examplePrices } from './example-prices.ts'
import { Examples } from './examples.tsx'
import { changeOf, creationOf, offOf, startValues, type PromotionValues } from './promotion-form.ts'

const MAX_TITLE = 64
const MAX_CODE = 32
const MAX_USES = 2_000_000_000
const MAX_PRODUCTS = 200
const EXAMPLES = 3
const TERMS = [1, 2, 3]

interface PromotionDrawerProps {
  /** Null: a new one. */
  readonly promotion: PromotionView | null
  readonly products: readonly ProductView[]
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

export function PromotionDrawer({ promotion, products, isOpen, onClose, onDone }: PromotionDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<PromotionValues>()
  const isNew = promotion === null
  const save = useSave(promotion, (saved) =>
    onDone((t) => t(isNew ? 'promotions.added' : 'promotions.changed', { title: pick(saved.title) })),
  )
  return (
    <FormDrawer<PromotionValues>
      form={form}
      title={isNew ? t('promotions.add') : t('promotions.changeTitle', { title: pick(promotion.title) })}
      intro={isNew ? t('promotions.addIntro') : t('promotions.changeIntro')}
      submit={isNew ? t('promotions.add') : t('fields.save')}
      isOpen={isOpen}
      isPending={save.isPending}
      error={save.error}
      initialValues={startValues(promotion)}
      onSubmit={(values) => save.mutate(values)}
      onClose={onClose}
    >
      <TitleFields maxLength={MAX_TITLE} />
      {isNew && <Fixed products={products} />}
      {isNew && <Example products={products} />}
      <Bounds isNew={isNew} />
    </FormDrawer>
  )
}

function useSave(promotion: PromotionView | null, onDone: (saved: PromotionView) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (values: PromotionValues) => {
      if (promotion !== null) return api.promotions.update(changeOf(promotion, values))
      const off = offOf(values)
      if (off === null) throw new Error('the form lets none through that takes nothing off')
      return api.promotions.create(creationOf(values, off))
    },
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: keys.promotions })
      onDone(saved)
    },
  })
}

/** What is chosen once. */
function Fixed({ products }: { readonly products: readonly ProductView[] }) {
  const { t } = useTranslation()
  const kind = Form.useWatch(['off', 'kind'])
  const sold = products.filter(isSold)
  return (
    <>
      <Form.Item name={['off', 'kind']} label={t('promotions.kind')}>
        <Radio.Group
          options={[
            { value: 'percent', label: t('promotions.percent') },
            { value: 'amount', label: t('promotions.amount') },
          ]}
        />
      </Form.Item>
      {kind === 'amount' ? (
        <AmountFields label={t('promotions.amount')} help={t('promotions.amountHelp')} />
      ) : (
        <Form.Item
          name={['off', 'percent']}
          label={t('promotions.percent')}
          rules={[{ required: true, message: t('fields.required') }]}
        >
          <InputNumber min={1} max={100} precision={0} suffix="%" />
        </Form.Item>
      )}
      <Form.Item
        name="code"
        label={t('promotions.code')}
        extra={t('promotions.codeHelp')}
        normalize={(text: string) => text.trim().toUpperCase()}
        rules={[{ pattern: /^[A-Z0-9][A-Z0-9-]{3,31}$/, message: t('promotions.badCode') }]}
      >
        <Input maxLength={MAX_CODE} autoComplete="off" spellCheck={false} className="mono" />
      </Form.Item>
      <Form.Item name="productIds" label={t('promotions.products')}>
        <Select
          mode="multiple"
          maxCount={MAX_PRODUCTS}
          placeholder={t('promotions.allProducts')}
          showSearch={{ optionFilterProp: 'label' }}
          options={sold.map(({ id, title }) => ({ value: id, label: pick(title) }))}
        />
      </Form.Item>
      <Form.Item name="termYears" label={t('promotions.terms')}>
        <Select
          mode="multiple"
          placeholder={t('promotions.allTerms')}
          options={TERMS.map((years) => ({ value: years, label: t('terms.years', { count: years }) }))}
        />
      </Form.Item>
    </>
  )
}

function Bounds({ isNew }: { readonly isNew: boolean }) {
  const { t } = useTranslation()
  return (
    <>
      <div className="form-pair">
        {isNew && (
          <Form.Item name="firstDay" label={t('promotions.firstDay')} extra={t('promotions.firstDayHelp')}>
            <Input type="date" />
          </Form.Item>
        )}
        <Form.Item name="endsAt" label={t('promotions.lastDay')} extra={t('promotions.lastDayHelp')}>
          <Input type="date" />
        </Form.Item>
      </div>
      <Form.Item name="maxUses" label={t('promotions.maxUses')} extra={t('promotions.maxUsesHelp')}>
        <InputNumber min={1} max={MAX_USES} precision={0} />
      </Form.Item>
    </>
  )
}

/** Changes with what is typed. */
function Example({ products }: { readonly products: readonly ProductView[] }) {
  const { t } = useTranslation()
  const values = Form.useWatch([]) as PromotionValues | undefined
  const off = values === undefined ? null : offOf(values)
  const { productIds = [], termYears = [] } = values ?? {}
  const prices =
    off === null
      ? []
      : examplePrices(
          products,
          {
            off,
            productIds: productIds.length === 0 ? null : productIds,
            termYears: termYears.length === 0 ? null : termYears,
          },
          EXAMPLES,
        )
  return (
    <section className="promotion-example" aria-live="polite">
      <h3>{t('promotions.example')}</h3>
      {off === null && <p className="muted">{t('promotions.exampleLater')}</p>}
      {off !== null && prices.length === 0 && <p>{t('promotions.exampleNone')}</p>}
      {prices.length > 0 && (
        <>
          <Examples prices={prices} />
          <p className="muted">{t('promotions.exampleText')}</p>
        </>
      )}
    </section>
  )
}
