/**
 * Finding endpoints: what to look at, what was found, and adopting it.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { PageHead } from '../../components/page-head.tsx'
import { useSaid } from '../../components/said.tsx'
import { CandidateList } from './candidate-list.tsx'
import './discovery-page.css'
import { LookForm } from './look-form.tsx'

export function DiscoveryPage() {
  const { t } = useTranslation()
  const [result, say] = useSaid()
  return (
    <>
      <PageHead title={t('shell.discovery')} intro={t('discovery.intro')} result={result} />
      <LookForm onDone={say} />
      <CandidateList onDone={say} />
    </>
  )
}
