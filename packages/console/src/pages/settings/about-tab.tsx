/**
 * Which version runs here, and where to read on.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { keys } from '../../api/keys.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'

const OPENAPI = '/api/v1/openapi.json'
const described = z.object({ info: z.object({ version: z.string() }) })

/** The description of the API carries the version of the service. */
async function loadVersion(): Promise<string> {
  const response = await fetch(OPENAPI)
  if (!response.ok) throw new Error(`status ${response.status}`)
  return described.parse(await response.json()).info.version
}

export function AboutTab() {
  const { t } = useTranslation()
  const version = useQuery({ queryKey: keys.version, queryFn: loadVersion, staleTime: Infinity })
  return (
    <section className="panel" aria-label={t('settings.about')}>
      <ProblemNotice error={version.error} onRetry={() => void version.refetch()} />
      <dl className="fact-list">
        <dt>{t('settings.version')}</dt>
        <dd>Evercert {version.data ?? '…'}</dd>
        <dt>{t('settings.reference')}</dt>
        <dd>
          <a href="/api/v1/docs" target="_blank" rel="noreferrer">
            {t('settings.referenceText')}
          </a>
        </dd>
        <dt>OpenAPI</dt>
        <dd>
          <a href={OPENAPI} target="_blank" rel="noreferrer">
            {t('settings.openApiText')}
          </a>
        </dd>
        <dt>{t('settings.licence')}</dt>
        <dd>Apache-2.0</dd>
      </dl>
    </section>
  )
}
