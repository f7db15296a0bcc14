/**
 * The renewals of the certificates in their window, stage by stage; where some wait, a link to exactly those.
 *
 * @module
 */
import type { RenewalFunnel } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { QueryView } from '../../components/query-view.tsx'

const REFRESH_MS = 30_000

export function FunnelPanel() {
  const { t } = useTranslation()
  const funnel = useQuery({ queryKey: keys.funnel, queryFn: () => api.certificates.funnel({}), refetchInterval: REFRESH_MS })
  return (
    <section className="panel" aria-labelledby="outlook-funnel">
      <h2 id="outlook-funnel">{t('outlook.funnel')}</h2>
      <QueryView query={funnel}>
        {(data) =>
          data.entered === 0 ? (
            <p className="muted">{t('outlook.funnelNone')}</p>
          ) : (
            <>
              <p className="muted">{t('outlook.funnelIntro')}</p>
              <Stages funnel={data} />
            </>
          )
        }
      </QueryView>
    </section>
  )
}

function Stages({ funnel: { entered, stages } }: { readonly funnel: RenewalFunnel }) {
  const { t } = useTranslation()
  return (
    <ol className="funnel">
      <li>
        <StageLine label={t('outlook.entered')} count={entered} share={1} />
      </li>
      {stages.map(({ stage, reached, waiting }) => (
        <li key={stage} data-stage={stage}>
          <StageLine label={t(`outlook.stages.${stage}`)} count={reached} share={reached / entered} />
          {waiting > 0 && (
            <Link className="funnel-waiting" href={`/?waitsFor=${stage}`}>
              {t(`outlook.waiting.${stage}`, { count: waiting })}
            </Link>
          )}
        </li>
      ))}
    </ol>
  )
}

function StageLine({ label, count, share }: { readonly label: string; readonly count: number; readonly share: number }) {
  return (
    <>
      <span className="funnel-label">{label}</span>
      <svg className="funnel-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect className="picture-ground" width="100" height="10" />
        <rect className="picture-bar" width={share * 100} height="10" />
      </svg>
      <span className="funnel-count number">
        {count} <span className="muted">{Math.round(share * 100)}%</span>
      </span>
    </>
  )
}
