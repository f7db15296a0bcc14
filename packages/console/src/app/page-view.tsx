/**
 * The page of a path, and what lies over it.
 *
 * @module
 */
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
    <section className="not-found">
      <h1>{t('shell.notFoundTitle')}</h1>
      <p>{t('shell.notFoundText', { path })}</p>
      <Link href="/">{t('shell.back')}</Link>
    </section>
  )
}
