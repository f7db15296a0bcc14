/**
 * The start page: how things stand, what needs a person, and the list of certificates.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { CertificateList } from './certificate-list.tsx'
import './certificates-page.css'
import { FilterBar } from './filter-bar.tsx'
import { useListState } from './list-query.ts'
import { Overview } from './overview.tsx'

export function CertificatesPage() {
  const { t } = useTranslation()
  const [state, change] = useListState()
  return (
    <>
      <h1 className="page-title">{t('shell.certificates')}</h1>
      <Overview status={state.status} onChange={change} />
      <section className="panel list-panel" aria-label={t('certificates.list')}>
        <FilterBar state={state} onChange={change} />
        <CertificateList
          state={state}
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
