/**
 * What is sold and for how much; the operator adds, prices, retires and restores.
 *
 * @module
 */
import type { ProductView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { isSold } from '../../components/is-sold.ts'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { gradeOf } from '../../components/grade.ts'
import { issuerTitle } from '../../components/issuer-title.ts'
import { formatMoney } from '../../components/money.ts'
import { RecordPage } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { pick } from '../../i18n/i18n.ts'
import { CatalogueTabs } from './catalogue-tabs.tsx'
import { ProductDrawer } from './product-drawer.tsx'
import './products-page.css'

export function ProductsPage() {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  const editing = useEditing<ProductView>()
  const products = useQuery({ queryKey: keys.products, queryFn: () => api.products.list() })
  return (
    <RecordPage
      title={t('products.title')}
      intro={t('products.intro')}
      actions={
        isOperator && (
          <Button type="primary" onClick={() => editing.open(null)}>
            {t('products.add')}
          </Button>
        )
      }
      tabs={<CatalogueTabs />}
      done={editing.done}
      query={products}
      columns={useColumns(isOperator, editing.open)}
      rowKey={({ id }) => id}
      empty={{ title: t('products.emptyTitle'), text: t('products.emptyText') }}
    >
      <ProductDrawer key={editing.key} product={editing.row} {...editing.drawer} />
    </RecordPage>
  )
}

function useColumns(isOperator: boolean, onEdit: (product: ProductView) => void): readonly Column<ProductView>[] {
  const { t } = useTranslation()
  const columns: Column<ProductView>[] = [
    {
      key: 'product',
      title: t('products.product'),
      render: ({ id, title, issuerTitle: issuer }) => (
        <>
          <div className="record-name">{pick(title)}</div>
          <div className="muted mono break">{id}</div>
          <div className="muted">{issuerTitle(issuer)}</div>
        </>
      ),
    },
    {
      key: 'specification',
      title: t('products.specification'),
      render: ({ specification, brandTitle, supportsRenewal }) => (
        <>
          <div>{pick(brandTitle)}</div>
          <div className="muted">
            {[
              specification.certificateType,
              t(`terms.domainType.${specification.domainType}`),
              gradeOf(specification.grade),
            ].join(' · ')}
          </div>
          {!supportsRenewal && <div className="muted">{t('products.noRenewal')}</div>}
        </>
      ),
    },
    {
      key: 'prices',
      title: t('products.prices'),
      render: ({ prices }) => (
        <ul className="price-list">
          {prices.map(({ termYears, base, includedDomains, extraDomain }) => (
            <li key={termYears}>
              <span className="number nowrap">
                {t('terms.years', { count: termYears })} <strong>{formatMoney(base)}</strong>
              </span>
              {extraDomain.amountMinor > 0 && (
                <div className="muted">{t('products.extra', { count: includedDomains, amount: formatMoney(extraDomain) })}</div>
              )}
            </li>
          ))}
        </ul>
      ),
    },
    {
      key: 'state',
      title: t('products.state'),
      render: (product) => (
        <Mark tone={isSold(product) ? 'good' : 'ended'}>
          {isSold(product)
            ? t('products.sold')
            : product.retiredAt === null
              ? t('products.issuerRetired')
              : t('products.retired')}
        </Mark>
      ),
    },
  ]
  if (!isOperator) return columns
  return [
    ...columns,
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (product) => (
        <>
          <Action label={t('products.change')} of={product.id} onClick={() => onEdit(product)} />
          <Selling product={product} />
        </>
      ),
    },
  ]
}

/** Retires what is sold, restores what is retired. */
function Selling({ product: { id, title, retiredAt } }: { readonly product: ProductView }) {
  const { t } = useTranslation()
  const isOffered = retiredAt === null
  return (
    <ConfirmedAction
      label={isOffered ? t('products.retire') : t('products.restore')}
      of={id}
      isDangerous={isOffered}
      title={t(isOffered ? 'products.retireTitle' : 'products.restoreTitle', { title: pick(title) })}
      text={isOffered ? t('products.retireText') : t('products.restoreText')}
      act={() => (isOffered ? api.products.retire({ id }) : api.products.restore({ id }))}
      changes={keys.products}
    />
  )
}
