/**
 * Adding a product, or changing titles and prices of one. Its specification and issuer stay: certificates were sold by them.
 *
 * @module
 */
import type { ProductView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Select from 'antd/es/select'
import Switch from 'antd/es/switch'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { IdField } from '../../components/id-field.tsx'
import { issuerTitle } from '../../components/issuer-title.ts'
import type { Said } from '../../components/said.tsx'
import { TitleFields } from '../../components/title-fields.tsx'
import { pick } from '../../i18n/i18n.ts'
import { PriceFields } from './price-fields.tsx'
import { pricesOf, startValues, type ProductValues } from './product-form.ts'

const MAX_ID = 63
const MAX_WORD = 64
const MAX_TITLE = 200
const TYPES = ['DV', 'OV', 'EV'] as const
const DOMAIN_TYPES = ['single', 'multi', 'wildcard', 'multiWildcard', 'mixed'] as const

interface ProductDrawerProps {
  /** Null: a new one. */
  readonly product: ProductView | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

export function ProductDrawer({ product, isOpen, onClose, onDone }: ProductDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<ProductValues>()
  const save = useSave(product, (saved) =>
    onDone((t) => t(product === null ? 'products.added' : 'products.changed', { title: pick(saved.title) })),
  )
  return (
    <FormDrawer<ProductValues>
      form={form}
      title={product === null ? t('products.add') : t('products.changeTitle', { title: pick(product.title) })}
      intro={product === null ? t('products.addIntro') : t('products.changeIntro')}
      submit={product === null ? t('products.add') : t('fields.save')}
      isOpen={isOpen}
      isPending={save.isPending}
      error={save.error}
      initialValues={startValues(product)}
      onSubmit={(values) => save.mutate(values)}
      onClose={onClose}
    >
      <TitleFields maxLength={MAX_TITLE} />
      {product === null && <Fixed />}
      <PriceFields />
    </FormDrawer>
  )
}

function useSave(product: ProductView | null, onDone: (saved: ProductView) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (values: ProductValues) => {
      const { title } = values
      const prices = pricesOf(values)
      if (product !== null) return api.products.update({ id: product.id, title, prices })
      const { id = '', issuerId = '', specification, supportsRenewal = true } = values
      const blank = { domainType: 'single', certificateType: 'DV', grade: '', brand: '' } as const
      return api.products.create({ id, title, issuerId, specification: specification ?? blank, supportsRenewal, prices })
    },
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: keys.products })
      onDone(saved)
    },
  })
}

/** Certificates hold the name; the title is what buyers read. */
function brandLabel(name: string, title: string): string {
  return name === title ? name : `${name} · ${title}`
}

/** What is chosen once. */
function Fixed() {
  const { t } = useTranslation()
  const issuers = useQuery({ queryKey: keys.issuers, queryFn: () => api.issuers.list() })
  const taking = issuers.data?.items.filter(({ retiredAt }) => retiredAt === null) ?? []
  const brands = useQuery({ queryKey: keys.brands, queryFn: () => api.brands.list() })
  const rules = [{ required: true, whitespace: true, message: t('fields.required') }]
  return (
    <>
      <IdField maxLength={MAX_ID} />
      <Form.Item name="issuerId" label={t('products.issuer')} extra={t('products.issuerHelp')} rules={rules}>
        <Select
          loading={issuers.isPending}
          placeholder={t('products.chooseIssuer')}
          options={taking.map(({ id, title }) => ({ value: id, label: issuerTitle(title) }))}
        />
      </Form.Item>
      <div className="form-pair">
        <Form.Item name={['specification', 'certificateType']} label={t('terms.attribute.certificateType')}>
          <Select options={TYPES.map((value) => ({ value, label: value }))} />
        </Form.Item>
        <Form.Item name={['specification', 'domainType']} label={t('terms.attribute.domainType')}>
          <Select options={DOMAIN_TYPES.map((value) => ({ value, label: t(`terms.domainType.${value}`) }))} />
        </Form.Item>
        <Form.Item
          name={['specification', 'brand']}
          label={t('terms.attribute.brand')}
          extra={<Link href="/products/brands">{t('products.newBrand')}</Link>}
          rules={rules}
        >
          <Select
            loading={brands.isPending}
            placeholder={t('products.chooseBrand')}
            showSearch={{ optionFilterProp: 'label' }}
            options={brands.data?.items.map(({ name, title }) => ({ value: name, label: brandLabel(name, pick(title)) })) ?? []}
          />
        </Form.Item>
        <Form.Item name={['specification', 'grade']} label={t('terms.attribute.grade')} rules={rules}>
          <Input maxLength={MAX_WORD} autoComplete="off" />
        </Form.Item>
      </div>
      <Form.Item
        name="supportsRenewal"
        label={t('products.supportsRenewal')}
        extra={t('products.supportsRenewalHelp')}
        valuePropName="checked"
      >
        <Switch />
      </Form.Item>
    </>
  )
}
