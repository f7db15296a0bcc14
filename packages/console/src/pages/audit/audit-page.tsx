/**
 * The audit log: who did what, when, with what outcome; the proof that nothing of it was changed; and the log as a file.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useLocation, useSearchParams } from 'wouter'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { PageHead } from '../../components/page-head.tsx'
import { AuditFilter } from './audit-filter.tsx'
import { AuditList } from './audit-list.tsx'
import './audit-page.css'
import { placeOfSearch, readSearch } from './audit-query.ts'
import { ProofPanel } from './proof-panel.tsx'

export function AuditPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const [, go] = useLocation()
  const isOperator = useIsOperator() === true
  const search = readSearch(params)
  return (
    <>
      <PageHead title={t('shell.audit')} intro={t('audit.intro')} />
      <ProofPanel isOperator={isOperator} />
      <section className="panel" aria-label={t('audit.entries')}>
        <AuditFilter
          key={placeOfSearch(search)}
          search={search}
          isOperator={isOperator}
          onSearch={(wanted) => go(placeOfSearch(wanted))}
        />
        <AuditList search={search} />
      </section>
    </>
  )
}
