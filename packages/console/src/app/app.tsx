/**
 * What stands around every page: data, language, theme, and where failures end up.
 *
 * @module
 */
import LoadingOutlined from '@ant-design/icons/es/icons/LoadingOutlined'
import { QueryClientProvider } from '@tanstack/react-query'
import AntApp from 'antd/es/app'
import ConfigProvider from 'antd/es/config-provider'
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { navigate } from 'wouter/use-browser-location'
import { createQueryClient, type Unauthenticated } from '../api/query-client.ts'
import { askToGoOn, useSessionEnd } from '../api/session-end.ts'
import { antLocaleOf, currentLanguage } from '../i18n/i18n.ts'
import { CrashGuard } from './crash-guard.tsx'
import { findPage } from './find-page.ts'
import { useIsOnCertificate } from './over-place.ts'
import { PageView } from './page-view.tsx'
import { useIsDark, useMedia } from './preferences.ts'
import { Shell } from './shell.tsx'
import { styleNonce } from './style-nonce.ts'
import { themeOf } from './theme.ts'
import { useLeaveWithOthers } from './use-leave.ts'

const SIGN_IN = '/sign-in'

/** Who worked here is asked over the page; who just came, by the sign-in page, which leads back to here. */
function askToSignIn({ isKnown, isWanted }: Unauthenticated): void {
  if (location.pathname === SIGN_IN) return
  if (isKnown && findPage(location.pathname)?.page.bare !== true) {
    askToGoOn(isWanted)
    return
  }
  const here = location.pathname + location.search
  navigate(here === '/' ? SIGN_IN : `${SIGN_IN}?next=${encodeURIComponent(here)}`, { replace: true })
}

/** A given icon comes and goes at once. Ant Design's own shrinks away, and after a quick answer stays for ever, in the button's name. */
const BUTTONS = { autoInsertSpace: false, loadingIcon: <LoadingOutlined /> }

/** Passing notes stand near the foot, two at once: at the head they would cover the title of a drawer. */
const NOTES = { top: 'calc(100vh - 112px)' }

export function App() {
  useTranslation() // another language draws everything anew, in place
  const isDark = useIsDark()
  const isStill = useMedia('(prefers-reduced-motion: reduce)')
  const theme = useMemo(() => themeOf(isDark, isStill), [isDark, isStill])
  const locale = antLocaleOf(currentLanguage())
  const queryClient = useMemo(() => createQueryClient(askToSignIn), [])
  useEffect(() => {
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
  }, [isDark])
  return (
    <ConfigProvider theme={theme} csp={{ nonce: styleNonce }} {...(locale !== undefined && { locale })} button={BUTTONS}>
      <QueryClientProvider client={queryClient}>
        <AntApp className="app" message={NOTES}>
          <CrashGuard>
            <Pages />
          </CrashGuard>
          <SessionEnd />
        </AntApp>
      </QueryClientProvider>
    </ConfigProvider>
  )
}

/** Seldom needed. */
const SessionEndDialog = lazy(async () => ({
  default: (await import('../pages/sign-in/session-end-dialog.tsx')).SessionEndDialog,
}))

function SessionEnd() {
  useLeaveWithOthers()
  return useSessionEnd() === 'asked' ? (
    <Suspense fallback={null}>
      <SessionEndDialog />
    </Suspense>
  ) : null
}

function Pages() {
  const { t } = useTranslation()
  const [path] = useLocation()
  const found = findPage(path, useIsOnCertificate())
  const title = found === null ? t('shell.notFoundTitle') : t(found.page.title)
  useEffect(() => {
    document.title = `${title} · Evercert`
  }, [title])
  const view = <PageView path={path} found={found} />
  return found?.page.bare === true ? view : <Shell page={found?.page ?? null}>{view}</Shell>
}
