/**
 * The page of a path, and what lies over it.
 *
 * @module
 */
import Result from 'antd/es/result'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Loading } from '../components/loading.tsx'
import type { FoundPage } from './find-page.ts'

export function PageView({ path, found }: { readonly path: string; readonly found: FoundPage | null }) {
  if (found === null) return <NoSuchPage path={path} />
  const { component: Page, overlay: Overlay } = found.page
  return (
    <Suspense fallback={<Loading />}>
      <Page params={found.params} />
      {Overlay !== undefined && (
        <Suspense fallback={null}>
          <Overlay params={found.params} />
        </Suspense>
      )}
    </Suspense>
  )
}

function NoSuchPage({ path }: { readonly path: string }) {
  const { t } = useTranslation()
  return (
    <Result
      status="info"
      title={<h1 className="result-title">{t('shell.notFoundTitle')}</h1>}
      subTitle={t('shell.notFoundText', { path })}
      extra={<Link href="/">{t('shell.back')}</Link>}
    />
  )
}
