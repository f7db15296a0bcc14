/**
 * Back-up codes, shown once.
 *
 * @module
 */
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { formatMoment } from '../../components/moment.tsx'
import { useToasts } from '../../components/said.tsx'
import { saveFile } from '../../components/save-file.ts'
import './settings-page.css'

interface BackupCodesProps {
  readonly codes: readonly string[]
  readonly email: string
  readonly onKept: () => void
}

export function BackupCodes({ codes, email, onKept }: BackupCodesProps) {
  const { t } = useTranslation()
  const toasts = useToasts()
  const save = (): void => {
    const head = [`Evercert ${location.origin}`, email, formatMoment(new Date().toISOString(), 'minute'), t('security.codesText')]
    saveFile('evercert-backup-codes.txt', new Blob([[...head, '', ...codes, ''].join('\n')], { type: 'text/plain' }))
  }
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(codes.join('\n'))
      toasts.success((t) => t('shell.copied'))
    } catch {
      toasts.warning((t) => t('shell.copyFailed'))
    }
  }
  return (
    <Alert
      className="made-token"
      type="warning"
      showIcon
      role="none"
      title={t('security.codesTitle')}
      description={
        <>
          <p>{t('security.codesText')}</p>
          <ul className="backup-codes mono" aria-label={t('security.codes')}>
            {codes.map((code) => (
              <li key={code}>{code}</li>
            ))}
          </ul>
          <div className="button-row">
            <Button size="small" type="primary" onClick={save}>
              {t('security.download')}
            </Button>
            <Button size="small" onClick={() => void copy()}>
              {t('security.copyAll')}
            </Button>
            <Button size="small" onClick={onKept}>
              {t('security.codesKept')}
            </Button>
          </div>
        </>
      }
    />
  )
}
