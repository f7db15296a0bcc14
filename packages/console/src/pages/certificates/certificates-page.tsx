/**
 * The start page: how things stand, what needs a person, and the list of certificates.
 *
 * @module
 */
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import type { PageProps } from '../../app/page-props.ts'
import { useTourIsAway } from '../../app/preferences.ts'
import { allTexts } from '../../i18n/i18n.ts'
import { CertificateList } from './certificate-list.tsx'
import './certificates-page.css'
import { FilterBar } from './filter-bar.tsx'
import { useListState } from './list-query.ts'
import { Overview } from './overview.tsx'

/** Behind the page: most have put it away. */
const TourCard = lazy(async () => {
  const [{ TourCard: component }] = await Promise.all([import('../first-steps/tour-card.tsx'), allTexts()])
  return { default: component }
})

export function CertificatesPage({ isBeneath = false }: PageProps) {
  const { t } = useTranslation()
  const [state, change] = useListState()
  const [isTourAway] = useTourIsAway()
  return (
    <>
      <h1 className="page-title">{t('shell.certificates')}</h1>
      {!isTourAway && (
        <Suspense fallback={null}>
          <TourCard />
        </Suspense>
      )}
      <Overview status={state.status} onChange={change} />
      <section className="panel list-panel" aria-label={t('certificates.list')}>
        <FilterBar state={state} onChange={change} />
        <CertificateList
          state={state}
          isBeneath={isBeneath}
          onClear={() =>
            change({
              status: undefined,
              search: undefined,
              origin: undefined,
              anyTags: undefined,
              expiresFrom: undefined,
              expiresTo: undefined,
              waitsFor: undefined,
            })
          }
        />
      </section>
    </>
  )
}
