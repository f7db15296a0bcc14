/**
 * Files and pasted text on their way in, and what was wrong with some of them.
 *
 * @module
 */
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import TextArea from 'antd/es/input/TextArea'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FileDrop } from '../../components/file-drop.tsx'
import { MAX_SOURCE_BYTES, readSource, type Source } from './read-pem.ts'

export interface SourceInputProps {
  readonly sources: readonly Source[]
  readonly looseKeys: readonly string[]
  readonly looseAuthorities: readonly string[]
  readonly onAdd: (sources: readonly Source[]) => void
}

async function readFile(file: File): Promise<Source> {
  const empty = { name: file.name, certificates: [], keys: [] }
  if (file.size > MAX_SOURCE_BYTES) return { ...empty, faults: ['tooLarge'] }
  try {
    return readSource(file.name, await file.text())
  } catch {
    return { ...empty, faults: ['damaged'] } // a folder, or a file that went away
  }
}

export function SourceInput({ sources, looseKeys, looseAuthorities, onAdd }: SourceInputProps) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [isEmpty, setEmpty] = useState(false)
  const addText = (): void => {
    const source = readSource(t('upload.pasted'), text)
    const holdsSomething = source.certificates.length + source.keys.length > 0
    setEmpty(!holdsSomething && !source.faults.includes('encryptedKey'))
    if (!holdsSomething && source.faults.every((fault) => fault === 'noPem')) return
    onAdd([source])
    if (holdsSomething) setText('')
  }
  return (
    <div className="upload-sources">
      <section className="panel" aria-labelledby="upload-files">
        <h2 id="upload-files">{t('upload.files')}</h2>
        <FileDrop
          label={t('upload.drop')}
          hint={t('upload.dropHint')}
          multiple
          onFiles={(files) => void Promise.all(files.map(readFile)).then(onAdd)}
        />
        <Faults sources={sources} looseKeys={looseKeys} looseAuthorities={looseAuthorities} />
      </section>
      <section className="panel" aria-labelledby="upload-paste">
        <h2 id="upload-paste">{t('upload.paste')}</h2>
        <TextArea
          className="mono"
          rows={6}
          value={text}
          spellCheck={false}
          autoComplete="off"
          placeholder="-----BEGIN CERTIFICATE-----"
          aria-label={t('upload.pasteLabel')}
          aria-describedby="upload-paste-help"
          status={isEmpty ? 'error' : ''}
          aria-invalid={isEmpty}
          onChange={(event) => {
            setText(event.target.value)
            setEmpty(false)
          }}
        />
        <p id="upload-paste-help" className={isEmpty ? 'upload-fault' : 'muted'} role={isEmpty ? 'alert' : undefined}>
          {t(isEmpty ? 'upload.pasteEmpty' : 'upload.pasteHelp')}
        </p>
        <Button onClick={addText} disabled={text.trim() === ''}>
          {t('upload.pasteAdd')}
        </Button>
      </section>
    </div>
  )
}

function Faults({ sources, looseKeys, looseAuthorities }: Omit<SourceInputProps, 'onAdd'>) {
  const { t } = useTranslation()
  const lines = [
    ...sources.flatMap(({ name, faults }) =>
      faults.map((fault) => ({ key: `${name} ${fault}`, name, text: t(`upload.faults.${fault}`) })),
    ),
    ...looseKeys.map((name) => ({ key: `${name} loose`, name, text: t('upload.looseKey') })),
    ...looseAuthorities.map((name) => ({ key: `${name} authority`, name, text: t('upload.looseAuthority') })),
  ]
  if (lines.length === 0) return null
  return (
    <Alert
      className="upload-faults"
      type="warning"
      showIcon
      role="status"
      title={t('upload.faultsTitle')}
      description={
        <ul>
          {lines.map(({ key, name, text }) => (
            <li key={key}>
              <strong className="break">{name}</strong>: {text}
            </li>
          ))}
        </ul>
      }
    />
  )
}
