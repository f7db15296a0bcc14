/**
 * Under whose name products are sold; the operator adds brands and words their titles.
 *
 * @module
 */
import type { BrandView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { Action } from '../../components/action.tsx'
import { RecordPage } from '../../components/record-page.tsx'
import type { Column } from '../../components/record-table.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { CatalogueTabs } from '../products/catalogue-tabs.tsx'
import { BrandDrawer } from './brand-drawer.tsx'

export function BrandsPage() {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  const editing = useEditing<BrandView>()
  const brands = useQuery({ queryKey: keys.brands, queryFn: () => api.brands.list() })
  return (
    <RecordPage
      title={t('brands.title')}
      intro={t('brands.intro')}
      actions={
        isOperator && (
          <Button type="primary" onClick={() => editing.open(null)}>
            {t('brands.add')}
          </Button>
        )
      }
      tabs={<CatalogueTabs />}
      done={editing.done}
      query={brands}
      columns={useColumns(isOperator, editing.open)}
      rowKey={({ name }) => name}
      empty={{ title: t('brands.emptyTitle'), text: t('brands.emptyText') }}
    >
      <BrandDrawer key={editing.key} brand={editing.row} {...editing.drawer} />
    </RecordPage>
  )
}

function useColumns(isOperator: boolean, onEdit: (brand: BrandView) => void): readonly Column<BrandView>[] {
  const { t } = useTranslation()
  const columns: Column<BrandView>[] = [
    { key: 'name', title: t('brands.name'), render: ({ name }) => <div className="record-name">{name}</div> },
    { key: 'zh', title: t('fields.titleZh'), render: ({ title }) => <span lang="zh-CN">{title.zh}</span> },
    { key: 'en', title: t('fields.titleEn'), render: ({ title }) => <span lang="en">{title.en}</span> },
    { key: 'products', title: t('brands.products'), kind: 'number', render: ({ products }) => products },
  ]
  if (!isOperator) return columns
  return [
    ...columns,
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (brand) => <Action label={t('brands.change')} of={brand.name} onClick={() => onEdit(brand)} />,
    },
  ]
}
