/**
 * The line of the founding document that shows, from any shell, until when a site's certificate is valid; and how a browser shows it.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { CopyText } from './copy-text.tsx'

export interface OpensslLineProps {
  readonly serverName: string
  readonly host: string
  readonly port: number
}

export function OpensslLine({ serverName, host, port }: OpensslLineProps) {
  const { t } = useTranslation()
  const place = host.includes(':') ? `[${host}]` : host
  return (
    <>
      <CopyText
        what={t('certificate.opensslWhat')}
        text={`echo | openssl s_client -servername ${serverName} -connect ${place}:${port} 2>/dev/null | openssl x509 -noout -dates`}
      />
      <p className="muted">{t('certificate.verifyInBrowser')}</p>
    </>
  )
}
