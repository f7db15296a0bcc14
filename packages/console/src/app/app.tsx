/**
 * What stands around every page: data, language, theme, and where failures end up.
 *
 * @module
 */
import LoadingOutlined from '@ant-design/icons/es/icons/LoadingOutlined'
import { QueryClientProvider } from '@tanstack/react-query'
import AntApp from 'antd/es/app'
import ConfigProvider from 'antd/es/config-provider'
import { useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { navigate } from 'wouter/use-browser-location'
import { createQueryClient } from '../api/query-client.ts'
import { antLocaleOf, currentLanguage } from '../i18n/i18n.ts'
import { CrashGuard } from './crash-guard.tsx'
import { findPage } from './find-page.ts'
import { PageView } from './page-view.tsx'
import { useIsDark, useMedia } from './preferences.ts'
import { Shell } from './shell.tsx'
import { styleNonce } from './style-nonce.ts'
import { themeOf } from './theme.ts'

const SIGN_IN = '/sign-in'

/** To the sign-in page, which leads back to here. */
function askToSignIn(): void {
  if (location.pathname === SIGN_IN) return
  const here = location.pathname + location.search
  navigate(here === '/' ? SIGN_IN : `${SIGN_IN}?next=${encodeURIComponent(here)}`, { replace: true })
}

/** A given icon comes and goes at once. Ant Design's own shrinks away, and after a quick answer stays for ever, in the button's name. */
const BUTTONS = { autoInsertSpace: false, loadingIcon: <LoadingOutlined /> }

export function App() {
  const { i18n } = useTranslation()
  const isDark = useIsDark()
  const isStill = useMedia('(prefers-reduced-motion: reduce)')
  const theme = useMemo(() => themeOf(isDark, isStill), [isDark, isStill])
  const locale = antLocaleOf(currentLanguage())
  const queryClient = useMemo(() => createQueryClient(askToSignIn), [])
  useEffect(() => {
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
  }, [isDark])
  return (
    <ConfigProvider
      key={i18n.language}
      theme={theme}
      csp={{ nonce: styleNonce }}
      {...(locale !== undefined && { locale })}
      button={BUTTONS}
    >
      <QueryClientProvider client={queryClient}>
        <AntApp className="app">
          <CrashGuard>
            <Pages />
          </CrashGuard>
        </AntApp>
      </QueryClientProvider>
    </ConfigProvider>
  )
}

function Pages() {
  const { t } = useTranslation()
  const [path] = useLocation()
  const found = findPage(path)
  const title = found === null ? t('shell.notFoundTitle') : t(found.page.title)
  useEffect(() => {
    document.title = `${title} · Evercert`
  }, [title])
  const view = <PageView path={path} found={found} />
  return found?.page.bare === true ? view : <Shell page={found?.page ?? null}>{view}</Shell>
}
