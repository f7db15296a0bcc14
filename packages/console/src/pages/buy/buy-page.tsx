/**
 * Buying a certificate: the product, then term and number of domains, then the quote, which becomes an order.
 *
 * @module
 */
import type { ProductView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Select from 'antd/es/select'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { gradeOf } from '../../components/grade.ts'
import { issuerTitle } from '../../components/issuer-title.ts'
import { Loading } from '../../components/loading.tsx'
import { formatMoney } from '../../components/money.ts'
import { EmptyList } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { pick } from '../../i18n/i18n.ts'
import { byBrand, lowestPrice, soldProducts, valuesOf, type CatalogueFilter } from './catalogue.ts'
import './buy-page.css'
import { Configure } from './configure.tsx'

export function BuyPage() {
  const { t } = useTranslation()
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  return (
    <>
      <PageHead title={t('buy.title')} intro={t('buy.intro')} />
      {products.isPending && <Loading />}
      <ProblemNotice error={products.error} onRetry={() => void products.refetch()} />
      {products.data !== undefined && <Catalogue products={soldProducts(products.data.items)} />}
    </>
  )
}

function Catalogue({ products }: { readonly products: readonly ProductView[] }) {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const [filter, setFilter] = useState<CatalogueFilter>({ brand: null, certificateType: null, domainType: null })
  const chosen = products.find(({ id }) => id === params.get('product')) ?? null
  const choose = (id: string): void => setParams({ product: id }, { replace: true })
  if (products.length === 0) {
    return (
      <section className="panel">
        <EmptyList title={t('buy.emptyTitle')} text={t('buy.emptyText')} />
      </section>
    )
  }
  const brands = [...byBrand(products, filter)]
  return (
    <div className="buy">
      <section className="panel" aria-label={t('buy.product')}>
        <h2>{t('buy.product')}</h2>
        <Filters products={products} filter={filter} onChange={setFilter} />
        {brands.length === 0 && <p className="muted">{t('buy.noneFits')}</p>}
        {brands.map(([brand, offered]) => (
          <fieldset key={brand} className="brand-group">
            <legend>{titleOfBrand(products, brand)}</legend>
            <div className="products">
              {offered.map((product) => (
                <ProductChoice key={product.id} product={product} isChosen={product.id === chosen?.id} onChoose={choose} />
              ))}
            </div>
          </fieldset>
        ))}
      </section>
      {chosen === null ? (
        <section className="panel buy-side" aria-label={t('buy.configure')}>
          <h2>{t('buy.configure')}</h2>
          <p className="muted">{t('buy.chooseFirst')}</p>
        </section>
      ) : (
        <Configure key={chosen.id} product={chosen} />
      )}
    </div>
  )
}

/** As its products have it. */
function titleOfBrand(products: readonly ProductView[], brand: string): string {
  const product = products.find(({ specification }) => specification.brand === brand)
  return product === undefined ? brand : pick(product.brandTitle)
}

interface FiltersProps {
  readonly products: readonly ProductView[]
  readonly filter: CatalogueFilter
  readonly onChange: (filter: CatalogueFilter) => void
}

const ALL = ''

function Filters({ products, filter, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const brands = valuesOf(products, 'brand')
  const types = valuesOf(products, 'certificateType')
  const domainTypes = valuesOf(products, 'domainType')
  return (
    <div className="buy-filters">
      <Select
        aria-label={t('terms.attribute.brand')}
        value={filter.brand ?? ALL}
        options={[
          { value: ALL, label: t('buy.allBrands') },
          ...brands.map((value) => ({ value, label: titleOfBrand(products, value) })),
        ]}
        onChange={(value) => onChange({ ...filter, brand: value === ALL ? null : value })}
      />
      <Select
        aria-label={t('terms.attribute.certificateType')}
        value={filter.certificateType ?? ALL}
        options={[{ value: ALL, label: t('buy.allTypes') }, ...types.map((value) => ({ value, label: value }))]}
        onChange={(value) => onChange({ ...filter, certificateType: types.find((type) => type === value) ?? null })}
      />
      <Select
        aria-label={t('terms.attribute.domainType')}
        value={filter.domainType ?? ALL}
        options={[
          { value: ALL, label: t('buy.allDomainTypes') },
          ...domainTypes.map((value) => ({ value, label: t(`terms.domainType.${value}`) })),
        ]}
        onChange={(value) => onChange({ ...filter, domainType: domainTypes.find((type) => type === value) ?? null })}
      />
    </div>
  )
}

interface ProductChoiceProps {
  readonly product: ProductView
  readonly isChosen: boolean
  readonly onChoose: (id: string) => void
}

function ProductChoice({ product, isChosen, onChoose }: ProductChoiceProps) {
  const { t } = useTranslation()
  const { id, title, specification, supportsRenewal, validityRule } = product
  const lowest = lowestPrice(product)
  return (
    <label className="product" data-chosen={isChosen}>
      <input type="radio" name="product" value={id} checked={isChosen} onChange={() => onChoose(id)} />
      <span className="product-text">
        <strong>{pick(title)}</strong>
        <span className="muted">
          {[specification.certificateType, t(`terms.domainType.${specification.domainType}`), gradeOf(specification.grade)].join(
            ' · ',
          )}
        </span>
        <span className="muted">
          {t('buy.issuedBy', { issuer: issuerTitle(product.issuerTitle) })} · {t(`buy.rules.${validityRule}`)}
          {!supportsRenewal && ` · ${t('buy.noRenewal')}`}
        </span>
      </span>
      {lowest !== null && (
        <span className="product-price">{t('buy.from', { amount: formatMoney(lowest.base), count: lowest.termYears })}</span>
      )}
    </label>
  )
}
