/**
 * A field for PEM text, filled by pasting or from a file.
 *
 * @module
 */
import TextArea from 'antd/es/input/TextArea'
import { useTranslation } from 'react-i18next'
import { FileDrop } from '../../components/file-drop.tsx'

export interface PemFieldProps {
  readonly id?: string
  readonly value?: string
  readonly onChange?: (text: string) => void
  readonly placeholder: string
}

const MAX_BYTES = 65_536

export function PemField({ id, value, onChange, placeholder }: PemFieldProps) {
  const { t } = useTranslation()
  const take = async ([file]: readonly File[]): Promise<void> => {
    if (file === undefined || file.size > MAX_BYTES) return
    onChange?.(await file.text())
  }
  return (
    <>
      <TextArea
        {...(id !== undefined && { id })}
        className="mono"
        rows={6}
        value={value ?? ''}
        spellCheck={false}
        autoComplete="off"
        placeholder={placeholder}
        onChange={(event) => onChange?.(event.target.value)}
      />
      <FileDrop label={t('csrs.fromFile')} hint={t('csrs.fromFileHint')} onFiles={(files) => void take(files)} />
    </>
  )
}
