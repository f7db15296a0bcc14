/**
 * A stored document, fetched and shown when somebody asks for it: it is personal, and not everybody who sees the page needs it.
 *
 * @module
 */
import type { DocumentContent } from '@evercert/contract'
import { useMutation } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import './document-image.css'
import { ProblemNotice } from './problem-notice.tsx'

export interface DocumentImageProps {
  readonly label: string
  readonly load: () => Promise<DocumentContent>
}

export function DocumentImage({ label, load }: DocumentImageProps) {
  const { t } = useTranslation()
  const shown = useMutation({ mutationFn: load, gcTime: 0 })
  if (shown.data !== undefined) {
    const { contentType, contentBase64, width, height } = shown.data
    return (
      <>
        <Button size="small" onClick={shown.reset} aria-label={t('forms.hideOf', { what: label })}>
          {t('forms.hide')}
        </Button>
        <img
          className="document-image"
          src={`data:${contentType};base64,${contentBase64}`}
          width={width}
          height={height}
          alt={label}
        />
      </>
    )
  }
  return (
    <>
      <Button
        size="small"
        loading={shown.isPending}
        onClick={() => shown.mutate()}
        aria-label={t('forms.showOf', { what: label })}
      >
        {t('forms.show')}
      </Button>
      <ProblemNotice error={shown.error} />
    </>
  )
}
