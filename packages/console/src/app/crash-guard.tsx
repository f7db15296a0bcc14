/**
 * A page that fails shows a way out, and what to tell the operator. A page whose code was replaced by an update asks for a reload.
 *
 * @module
 */
import Button from 'antd/es/button'
import { Component, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface State {
  readonly error: unknown
}

export class CrashGuard extends Component<{ readonly children: ReactNode }, State> {
  override state: State = { error: null }

  static getDerivedStateFromError(error: unknown): State {
    return { error }
  }

  override render(): ReactNode {
    return this.state.error === null ? this.props.children : <Crashed error={this.state.error} />
  }
}

const IS_UPDATE = /dynamically imported module|Importing a module script failed|error loading dynamically/i

function Crashed({ error }: { readonly error: unknown }) {
  const { t } = useTranslation()
  const line = String(error)
  const isUpdate = IS_UPDATE.test(line)
  return (
    <main className="crashed" role="alert">
      <h1>{t('shell.crashedTitle')}</h1>
      <p>{isUpdate ? t('shell.newVersion') : t('shell.crashedText')}</p>
      {!isUpdate && <pre>{line}</pre>}
      <Button type="primary" onClick={() => location.reload()}>
        {t('shell.reload')}
      </Button>
    </main>
  )
}
