/**
 * Under whose name products are sold; the operator adds brands and words their titles.
 *
 * @module
 */
import type { BrandView } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { Action } from '../../components/action.tsx'
import { DoneNotice } from '../../components/done-notice.tsx'
import { EmptyList } from '../../components/page.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { CatalogueTabs } from '../products/catalogue-tabs.tsx'
import { BrandDrawer } from './brand-drawer.tsx'

export function BrandsPage() {
  const { t } = useTranslation()
  const isOperator = useIsOperator() === true
  const editing = useEditing<BrandView>()
  const [done, setDone] = useState<string | null>(null)
  const brands = useQuery({ queryKey: keys.brands, queryFn: () => api.brands.list() })
  const open = (brand: BrandView | null): void => {
    setDone(null)
    editing.open(brand)
  }
  const columns = useColumns(isOperator, open)
  return (
    <>
      <PageHead
        title={t('brands.title')}
        intro={t('brands.intro')}
        actions={
          isOperator && (
            <Button type="primary" onClick={() => open(null)}>
              {t('brands.add')}
            </Button>
          )
        }
      />
      <CatalogueTabs />
      <DoneNotice title={done} />
      <section className="panel" aria-label={t('brands.title')}>
        <QueryView query={brands}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyList title={t('brands.emptyTitle')} text={t('brands.emptyText')} />
            ) : (
              <RecordTable label={t('brands.title')} columns={columns} rows={items} rowKey={({ name }) => name} />
            )
          }
        </QueryView>
      </section>
      <BrandDrawer
        key={editing.key}
        brand={editing.row}
        isOpen={editing.isOpen}
        onClose={editing.close}
        onDone={(what) => {
          editing.close()
          setDone(what)
        }}
      />
    </>
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
