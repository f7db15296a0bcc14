/**
 * A text to copy into a shell, a zone file or a web server.
 *
 * @module
 */
import CheckOutlined from '@ant-design/icons/es/icons/CheckOutlined'
import CopyOutlined from '@ant-design/icons/es/icons/CopyOutlined'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useToasts } from './said.tsx'
import './copy-text.css'

const SHOWN_MS = 2000

export interface CopyTextProps {
  readonly text: string
  /** What it is, for those who hear the page. */
  readonly what: string
}

export function CopyText({ text, what }: CopyTextProps) {
  const { t } = useTranslation()
  const toasts = useToasts()
  const [isCopied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), SHOWN_MS)
    } catch {
      toasts.warning((t) => t('shell.copyFailed')) // a page without TLS, or a browser that asks and was refused
    }
  }
  return (
    <span className="copy-text">
      <code className="break">{text}</code>
      <Button
        size="small"
        type="text"
        icon={isCopied ? <CheckOutlined /> : <CopyOutlined />}
        aria-label={isCopied ? t('shell.copied') : t('shell.copyOf', { what })}
        onClick={() => void copy()}
      />
    </span>
  )
}
