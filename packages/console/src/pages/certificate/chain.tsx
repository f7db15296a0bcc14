/**
 * The chain of a certificate from the leaf to the root that clients trust.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { useMay } from '../../api/use-may.ts'
import { CopyText } from '../../components/copy-text.tsx'
import { Moment } from '../../components/moment.tsx'
import './chain.css'
import { readChain, type ChainLink } from './read-chain.ts'

export function Chain({ pem }: { readonly pem: string }) {
  const { t } = useTranslation()
  const mayReadIssuers = useMay('orders:read')
  const issuers = useQuery({ queryKey: keys.issuers, queryFn: () => api.issuers.list(), enabled: mayReadIssuers })
  const links = useMemo(() => readChain(pem), [pem])
  const last = links.at(-1)
  if (last === undefined) return null
  const isComplete = last.subject === last.issuer
  const root = isComplete
    ? undefined
    : issuers.data?.items
        .flatMap(({ rootPem }) => (rootPem === null ? [] : readChain(rootPem)))
        .find(({ subject }) => subject === last.issuer)
  const titleOf = (link: ChainLink, index: number): string => {
    if (index === 0) return t('certificate.leaf')
    return link.subject === link.issuer ? t('chain.root') : t('certificate.intermediate', { number: index })
  }
  return (
    <ol className="chain">
      {links.map((link, index) => (
        <Link key={link.pem} link={link} title={titleOf(link, index)} />
      ))}
      {root !== undefined && <Link link={root} title={t('chain.root')} />}
      {!isComplete && root === undefined && (
        <li>
          <h3>{t('chain.root')}</h3>
          <p className="break">{last.issuer}</p>
          <p className="muted">{t('chain.rootElsewhere')}</p>
        </li>
      )}
    </ol>
  )
}

function Link({ link, title }: { readonly link: ChainLink; readonly title: string }) {
  const { t } = useTranslation()
  const { subject, issuer, notBefore, notAfter, key, pem, der } = link
  const fingerprint = useQuery({
    queryKey: ['fingerprint', pem],
    queryFn: () => fingerprintOf(der),
    staleTime: Infinity,
  })
  return (
    <li>
      <h3>{title}</h3>
      <dl className="chain-facts">
        <dt>{t('chain.subject')}</dt>
        <dd className="break">{subject}</dd>
        <dt>{t('certificate.issuer')}</dt>
        <dd className="break">{issuer}</dd>
        <dt>{t('chain.validity')}</dt>
        <dd>
          <Moment at={notBefore} precision="day" /> – <Moment at={notAfter} />
        </dd>
        <dt>{t('chain.key')}</dt>
        <dd>{key}</dd>
        <dt>SHA-256</dt>
        <dd>
          {typeof fingerprint.data === 'string' && <CopyText text={fingerprint.data} what={`SHA-256 ${title}`} />}
          {fingerprint.data === null && <span className="muted">{t('chain.noFingerprint')}</span>}
        </dd>
      </dl>
      <details className="pem">
        <summary>
          PEM<span className="visually-hidden"> {title}</span>
        </summary>
        <CopyText text={pem} what={title} />
      </details>
    </li>
  )
}

/** Lower-case hex; null on a page without TLS, where browsers do not compute it. */
async function fingerprintOf(der: Uint8Array<ArrayBuffer>): Promise<string | null> {
  if (!isSecureContext) return null
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', der))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
