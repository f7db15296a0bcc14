/**
 * Issued: from here until every address of every site is seen to serve the new certificate.
 *
 * @module
 */
import type { CertificateDetail } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { AddEndpoint } from '../../components/add-endpoint.tsx'
import { EndpointList } from '../../components/endpoint-list.tsx'
import { Moment } from '../../components/moment.tsx'
import { OpensslLine } from '../../components/openssl-line.tsx'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { TargetList } from '../../components/target-list.tsx'
import { Sentence } from '../../components/sentence.tsx'
import { afterColon } from '../../components/join-list.ts'

interface InstallStepProps {
  readonly certificate: CertificateDetail
  readonly old: CertificateDetail | null
}

export function InstallStep({ certificate, old }: InstallStepProps) {
  const { t } = useTranslation()
  const { id, notAfter, servedAt, targets, endpoints, domains, nextStep } = certificate
  const queries = useQueryClient()
  const probe = useMutation({
    mutationFn: () => api.certificates.verify({ id }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.certificates }),
  })
  const first = endpoints[0] ?? {
    serverName: domains[0]?.replace('*.', 'www.') ?? '',
    host: domains[0]?.replace('*.', 'www.') ?? '',
    port: 443,
  }
  return (
    <>
      <Verdict certificate={certificate} old={old} />
      <dl className="facts">
        <dt>{t('renewal.newUntil')}</dt>
        <dd>{notAfter === null ? '–' : <Moment at={notAfter} />}</dd>
        {servedAt !== null && (
          <>
            <dt>{t('renewal.provedAt')}</dt>
            <dd>
              <Moment at={servedAt} precision="second" />
            </dd>
          </>
        )}
      </dl>
      {servedAt === null && (
        <p role="status">
          <Sentence of={nextStep.text} />
        </p>
      )}
      <h3>{t('certificate.endpoints')}</h3>
      <EndpointList endpoints={endpoints} />
      {servedAt === null && <AddEndpoint certificateId={id} host={first.host} />}
      <h3>{t('certificate.targets')}</h3>
      <TargetList targets={targets} />
      <h3>{t('certificate.verifyYourself')}</h3>
      <OpensslLine serverName={first.serverName} host={first.host} port={first.port} />
      <ProblemNotice error={probe.error} />
      <div className="buttons">
        <AllowedButton
          operation="certificates.verify"
          label={t('certificates.probe')}
          loading={probe.isPending}
          onClick={() => probe.mutate()}
        />
        <Link href={`/certificates/${encodeURIComponent(id)}#downloads`}>{t('renewal.downloadAndInstall')}</Link>
        <Link href={`/certificates/${encodeURIComponent(id)}`}>{t('renewal.toCertificate')}</Link>
      </div>
    </>
  )
}

/** The warning stays until the new certificate is served (DOMAIN §3.10). */
function Verdict({ certificate: { servedAt }, old }: InstallStepProps) {
  const { t } = useTranslation()
  const oldUntil = old?.notAfter ?? null
  if (servedAt !== null) {
    return <Alert type="success" showIcon role="status" title={t('renewal.done')} description={t('renewal.doneText')} />
  }
  return (
    <Alert
      type="warning"
      showIcon
      title={t('renewal.notServedYet')}
      description={
        oldUntil === null ? null : (
          <>
            {t('renewal.oldExpires')}
            {afterColon()}
            <Moment at={oldUntil} />
          </>
        )
      }
    />
  )
}
