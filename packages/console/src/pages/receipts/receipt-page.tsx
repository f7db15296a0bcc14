/**
 * One receipt: the signed proof, to read, to print and to hand on.
 *
 * @module
 */
import type { ReceiptView } from '@evercert/contract'
import { readableName } from '@evercert/pki/readable-name'
import { useMutation, useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import type { PageProps } from '../../app/page-props.ts'
import { LinkButton } from '../../components/link-button.tsx'
import { PageHead } from '../../components/page-head.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { fileNameOf, saveFile } from '../../components/save-file.ts'
import { PrintButton, Sheet, UtcMoment } from '../../components/sheet.tsx'

const KEYS_PATH = '/.well-known/evercert-receipt-keys.json'

export function ReceiptPage({ params: { id = '' } }: PageProps) {
  const receipt = useQuery({ queryKey: keys.receipt(id), queryFn: () => api.receipts.get({ id }), staleTime: Infinity })
  return <QueryView query={receipt}>{(data) => <Receipt receipt={data} />}</QueryView>
}

function Receipt({ receipt }: { readonly receipt: ReceiptView }) {
  const { t } = useTranslation()
  const { id, certificateId, jws, claims } = receipt
  const name = fileNameOf(claims.certificate.name)
  const pdf = useMutation({ mutationFn: async () => saveFile(`${name}-receipt.pdf`, await api.receipts.pdf({ id })) })
  return (
    <>
      <PageHead
        title={t('receipts.titleOf', { name: claims.certificate.name })}
        actions={
          <>
            <PrintButton />
            <Button onClick={() => saveFile(`${name}-receipt.jws`, new Blob([`${jws}\n`], { type: 'application/jose' }))}>
              {t('receipts.saveJws')}
            </Button>
            <Button loading={pdf.isPending} onClick={() => pdf.mutate()}>
              {t('receipts.savePdf')}
            </Button>
            <LinkButton href={`/certificates/${encodeURIComponent(certificateId)}`} type="default">
              {t('receipts.toCertificate')}
            </LinkButton>
          </>
        }
      />
      <ProblemNotice error={pdf.error} />
      <Sheet title={t('receipts.sheetTitle')}>
        <Facts receipt={receipt} />
        <Fingerprints receipt={receipt} />
        <Endpoints receipt={receipt} />
        <HowToCheck receipt={receipt} />
      </Sheet>
    </>
  )
}

function Facts({ receipt: { claims } }: { readonly receipt: ReceiptView }) {
  const { t } = useTranslation()
  const { certificate, software } = claims
  return (
    <dl>
      <dt>{t('receipts.number')}</dt>
      <dd>
        <code>{claims.jti}</code>
      </dd>
      <dt>{t('receipts.provedAt')}</dt>
      <dd>
        <UtcMoment at={claims.provedAt} />
      </dd>
      <dt>{t('receipts.issuedBy')}</dt>
      <dd>{claims.iss}</dd>
      <dt>{t('receipts.software')}</dt>
      <dd>
        {software.name} {software.version}
      </dd>
      <dt>{t('receipts.certificate')}</dt>
      <dd>
        <strong>{certificate.name}</strong>
      </dd>
      <dt>{t('receipts.names')}</dt>
      <dd>{certificate.names.join(', ')}</dd>
      <dt>{t('receipts.issuer')}</dt>
      <dd>{readableName(certificate.issuer)}</dd>
      <dt>{t('receipts.serial')}</dt>
      <dd>
        <code>{certificate.serial}</code>
      </dd>
      <dt>{t('receipts.validity')}</dt>
      <dd>
        <UtcMoment at={certificate.notBefore} /> – <UtcMoment at={certificate.notAfter} />
      </dd>
    </dl>
  )
}

function Fingerprints({ receipt: { claims } }: { readonly receipt: ReceiptView }) {
  const { t } = useTranslation()
  const { certificate, replaces } = claims
  return (
    <>
      <h3>{t('receipts.fingerprints')}</h3>
      <dl>
        <dt>{t('receipts.oldOne')}</dt>
        {replaces === null ? (
          <dd>{t('receipts.nothing')}</dd>
        ) : (
          [replaces.sha256, ...(replaces.others ?? [])].map((sha256) => (
            <dd key={sha256}>
              <code>{sha256}</code>
            </dd>
          ))
        )}
        {replaces !== null && (
          <dd className="muted">{replaces.basis === 'observed' ? t('receipts.observed') : t('receipts.recorded')}</dd>
        )}
        <dt>{t('receipts.newOne')}</dt>
        <dd>
          <code>{certificate.sha256}</code>
        </dd>
        {certificate.chainSha256.slice(1).map((sha256, index) => (
          <Pair key={sha256} name={t('receipts.chainOf', { place: index + 1 })} value={sha256} />
        ))}
      </dl>
    </>
  )
}

function Pair({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
      </dd>
    </>
  )
}

function Endpoints({ receipt: { claims } }: { readonly receipt: ReceiptView }) {
  const { t } = useTranslation()
  return (
    <>
      <h3>{t('receipts.served')}</h3>
      {claims.endpoints.map(({ id, host, port, serverName, protocol, addresses }) => (
        <section key={id}>
          <p>
            <strong>
              {host}:{port}
            </strong>{' '}
            {t('receipts.by', { protocol: protocol.toUpperCase(), serverName })}
          </p>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('receipts.address')}</th>
                <th scope="col">{t('receipts.observedAt')}</th>
                <th scope="col">{t('receipts.verdict')}</th>
              </tr>
            </thead>
            <tbody>
              {addresses.flatMap((seen) =>
                seen.certificates.map((certificate) => (
                  <Served key={`${seen.address} ${certificate.sha256}`} seen={seen} certificate={certificate} />
                )),
              )}
            </tbody>
          </table>
        </section>
      ))}
    </>
  )
}

type Seen = ReceiptView['claims']['endpoints'][number]['addresses'][number]

function Served({ seen, certificate }: { readonly seen: Seen; readonly certificate: Seen['certificates'][number] }) {
  const { t } = useTranslation()
  const { sha256, keyKind, verdict } = certificate
  return (
    <>
      <tr className="sheet-lead">
        <td className={seen.address.includes(':') ? undefined : 'nowrap'}>{seen.address}</td>
        <td>
          <UtcMoment at={seen.observedAt} />
        </td>
        <td>
          {t(`terms.verdict.${verdict}`)}
          {seen.certificates.length > 1 && ` (${keyKind.toUpperCase()})`}
        </td>
      </tr>
      <tr>
        <td colSpan={3}>
          SHA-256 <code>{sha256}</code>
        </td>
      </tr>
    </>
  )
}

function HowToCheck({ receipt: { keyId, jws, claims } }: { readonly receipt: ReceiptView }) {
  const { t } = useTranslation()
  const origin = URL.canParse(claims.iss) ? claims.iss.replace(/\/$/, '') : location.origin
  return (
    <>
      <h3>{t('receipts.checkTitle')}</h3>
      <p>{t('receipts.checkText')}</p>
      <pre>{`curl -s ${origin}${KEYS_PATH} > keys.json\nevercert receipt verify receipt.jws --keys keys.json`}</pre>
      <p>{t('receipts.whatItProves')}</p>
      <p>
        {t('receipts.signedBy')} <code>{keyId}</code>
      </p>
      <p>{t('receipts.signedText')}</p>
      <pre className="sheet-signed">{jws}</pre>
    </>
  )
}
