/**
 * The top of the pages of endpoints: the list, and the map.
 *
 * @module
 */
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { PageHead } from '../../components/page-head.tsx'
import { PageTabs } from '../../components/page.tsx'

export function EndpointsHead({ result }: { readonly result: ReactNode }) {
  const { t } = useTranslation()
  return (
    <>
      <PageHead title={t('endpoints.title')} intro={t('endpoints.intro')} result={result} />
      <PageTabs
        label={t('endpoints.title')}
        tabs={[
          { path: '/endpoints', title: t('endpointMap.list') },
          { path: '/endpoints/map', title: t('endpointMap.title') },
        ]}
      />
    </>
  )
}
