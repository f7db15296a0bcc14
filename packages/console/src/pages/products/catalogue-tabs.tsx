/**
 * What the catalogue is made of, one page each. Only the operator has more than one.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { PageTabs } from '../../components/page.tsx'

export function CatalogueTabs() {
  const { t } = useTranslation()
  if (useIsOperator() !== true) return null
  return (
    <PageTabs
      label={t('products.catalogue')}
      tabs={[
        { path: '/products', title: t('products.title') },
        { path: '/products/promotions', title: t('promotions.title') },
        { path: '/products/brands', title: t('brands.title') },
      ]}
    />
  )
}
