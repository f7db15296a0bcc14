/**
 * Everything about one certificate.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import { useEffect, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useLiveCertificate } from '../../api/use-live-certificate.ts'
import type { PageProps } from '../../app/page-props.ts'
import { AddEndpoint } from '../../components/add-endpoint.tsx'
import { EndpointList } from '../../components/endpoint-list.tsx'
import { Loading } from '../../components/loading.tsx'
import { OpensslLine } from '../../components/openssl-line.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { TargetList } from '../../components/target-list.tsx'
import { AddTarget } from './add-target.tsx'
import { Facts } from './certificate-facts.tsx'
import { CertificateHead } from './certificate-head.tsx'
import './certificate-page.css'
import { Chain } from './chain.tsx'
import { Downloads } from './downloads.tsx'
import { Issuances } from './issuances.tsx'
import { LifeActions } from './life-actions.tsx'
import { Lineage } from './lineage.tsx'
import { Tags } from './tags.tsx'
import { Timeline } from './timeline.tsx'

export function CertificatePage({ params: { id = '' }, isBeneath = false }: PageProps) {
  const { t } = useTranslation()
  // What lies over it listens, and loads anew what this shows.
  const interval = useLiveCertificate(isBeneath ? null : id)
  const certificate = useQuery({
    queryKey: keys.certificate(id),
    queryFn: () => api.certificates.get({ id }),
    refetchInterval: isBeneath ? false : interval,
  })
  const isLoaded = certificate.data !== undefined
  useEffect(() => {
    if (isLoaded && location.hash !== '') document.getElementById(location.hash.slice(1))?.scrollIntoView()
  }, [isLoaded])
  if (certificate.data === undefined) {
    return certificate.isPending ? (
      <Loading />
    ) : (
      <>
        <ProblemNotice error={certificate.error} onRetry={() => void certificate.refetch()} />
        <p>
          <Link href="/">{t('shell.back')}</Link>
        </p>
      </>
    )
  }
  return <Page certificate={certificate.data} />
}

function Page({ certificate }: { readonly certificate: CertificateDetail }) {
  const { t } = useTranslation()
  const { id, endpoints, targets, domains, chainPem, history, lineage } = certificate
  const host = domains[0]?.replace('*.', 'www.') ?? ''
  const first = endpoints[0] ?? { serverName: host, host, port: 443 }
  return (
    <>
      <CertificateHead certificate={certificate} />
      <div className="certificate-columns">
        <div>
          <Section id="endpoints" title={t('certificate.endpoints')}>
            <EndpointList endpoints={endpoints} />
            {certificate.sha256 !== null && <AddEndpoint certificateId={id} host={host} />}
            {first.host !== '' && (
              <>
                <h3>{t('certificate.verifyYourself')}</h3>
                <OpensslLine serverName={first.serverName} host={first.host} port={first.port} />
              </>
            )}
          </Section>
          <Section id="targets" title={t('certificate.targets')}>
            <TargetList targets={targets} />
            {certificate.sha256 !== null && <AddTarget certificateId={id} name={host === '' ? certificate.name : host} />}
          </Section>
          <Section id="downloads" title={t('certificate.downloads')}>
            <Downloads certificate={certificate} />
          </Section>
          <Section id="timeline" title={t('certificate.timeline')}>
            <Timeline id={id} newest={history} />
          </Section>
        </div>
        <div>
          <Section id="facts" title={t('certificate.facts')}>
            <Facts certificate={certificate} />
          </Section>
          {certificate.issuances.length > 0 && (
            <Section id="issuances" title={t('certificate.issuances')}>
              <Issuances issuances={certificate.issuances} />
            </Section>
          )}
          <Section id="tags" title={t('certificate.tags')}>
            <Tags certificate={certificate} />
          </Section>
          {(lineage.members.length > 1 || certificate.renewalProcess !== null) && (
            <Section id="lineage" title={t('certificate.lineage')}>
              <Lineage certificate={certificate} />
            </Section>
          )}
          <Section id="life" title={t('life.title')}>
            <LifeActions certificate={certificate} />
          </Section>
          {chainPem !== null && (
            <Section id="chain" title={t('certificate.chain')}>
              <Chain pem={chainPem} />
            </Section>
          )}
        </div>
      </div>
    </>
  )
}

function Section({ id, title, children }: { readonly id: string; readonly title: string; readonly children: ReactNode }) {
  return (
    <section id={id} className="panel section" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  )
}
