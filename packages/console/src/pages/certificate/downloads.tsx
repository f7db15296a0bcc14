/**
 * Downloads for each kind of server, why one is not available, and how it is installed there.
 *
 * @module
 */
import type { CertificateDetail, DownloadFormat, DownloadView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Button from 'antd/es/button'
import Tooltip from 'antd/es/tooltip'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Loading } from '../../components/loading.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { saveFile } from '../../components/save-file.ts'
import { pick } from '../../i18n/i18n.ts'
import { useLacking } from '../../api/use-lacking.ts'
import '../../components/allowed-button.css'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'

type Offer = NonNullable<DownloadView['withKey']>

export function Downloads({ certificate: { id } }: { readonly certificate: CertificateDetail }) {
  const downloads = useQuery({ queryKey: keys.downloads(id), queryFn: () => api.downloads.list({ id }) })
  if (downloads.data === undefined) {
    return downloads.isPending ? <Loading /> : <ProblemNotice error={downloads.error} onRetry={() => void downloads.refetch()} />
  }
  return (
    <ul className="downloads">
      {downloads.data.items.map((download) => (
        <Format key={download.format} id={id} download={download} />
      ))}
    </ul>
  )
}

/** Those formats whose archive holds a keystore, and beside it its password. */
const KEYSTORES: readonly DownloadFormat[] = ['tomcat', 'iis', 'jks']

function Format({ id, download }: { readonly id: string; readonly download: DownloadView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const { format, title, archive, certificateOnly, withKey } = download
  const lacking = useLacking('downloads.withKey')
  const save = useMutation({
    mutationFn: async (kind: 'withKey' | 'certificate') =>
      saveFile(
        archive,
        kind === 'withKey'
          ? await api.downloads.withKey({ id, format: format as Exclude<DownloadFormat, 'root'> })
          : await api.downloads.certificate({ id, format: format as 'nginx' }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.certificate(id) }),
  })
  return (
    <li>
      <div className="download-head">
        <strong>{pick(title)}</strong>
        <span className="buttons-small">
          {withKey !== null && (
            <Offered
              offer={withKey}
              lacking={lacking}
              label={t('certificate.withKey')}
              isPending={save.isPending && save.variables === 'withKey'}
              onClick={() => save.mutate('withKey')}
            />
          )}
          {certificateOnly !== null && (
            <Offered
              offer={certificateOnly}
              label={t('certificate.certificateOnly')}
              isPending={save.isPending && save.variables === 'certificate'}
              onClick={() => save.mutate('certificate')}
            />
          )}
        </span>
      </div>
      {needsFresh(save.error) ? (
        <FreshDialog onConfirmed={() => save.mutate('withKey')} onClose={save.reset} />
      ) : (
        <ProblemNotice error={save.error} />
      )}
      {save.isSuccess && save.variables === 'withKey' && KEYSTORES.includes(format) && (
        <p role="status">{t('certificate.passwordInside')}</p>
      )}
      <details>
        <summary>
          {t('certificate.installSteps')}
          <span className="visually-hidden"> {pick(title)}</span>
        </summary>
        <p className="muted break">{(withKey ?? certificateOnly)?.files.join(', ')}</p>
        <p className="pre">{t(`certificate.install.${format}`)}</p>
      </details>
    </li>
  )
}

interface OfferedProps {
  readonly offer: Offer
  /** The permission that is lacking, in words. */
  readonly lacking?: string | null
  readonly label: string
  readonly isPending: boolean
  readonly onClick: () => void
}

function Offered({ offer, lacking = null, label, isPending, onClick }: OfferedProps) {
  if (offer.available && lacking === null) {
    return (
      <Button size="small" loading={isPending} onClick={onClick}>
        {label}
      </Button>
    )
  }
  const reason = offer.problem === null ? (lacking ?? '') : pick(offer.problem.text)
  return (
    <Tooltip title={reason} trigger={['hover', 'focus']}>
      <Button size="small" className="unavailable" aria-disabled="true" aria-label={`${label}: ${reason}`}>
        {label}
      </Button>
    </Tooltip>
  )
}
