/**
 * The page of a path, and what lies over it.
 *
 * @module
 */
import type { Scope } from '@evercert/contract'
import { Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useMe } from '../api/use-me.ts'
import { Loading } from '../components/loading.tsx'
import type { FoundPage } from './find-page.ts'
import type { Page } from './routes.ts'

export function PageView({ path, found }: { readonly path: string; readonly found: FoundPage | null }) {
  const scope = found?.page.scope
  // Who is not signed in is not asked who they are on a page that is for everybody.
  const { data: me, isPending } = useMe(scope !== undefined)
  if (found === null) return <NoSuchPage path={path} />
  // At one place in the tree: what lies below a drawer stays as it is when the drawer opens and closes.
  if (scope === undefined) return <OpenPage found={found} />
  if (isPending) return <Loading />
  const isClosed = me !== undefined && !me.scopes.includes(scope)
  return isClosed ? <ClosedPage page={found.page} scope={scope} /> : <OpenPage found={found} />
}

function OpenPage({ found }: { readonly found: FoundPage }) {
  const { component: Content, overlay: Overlay } = found.page
  return (
    <Suspense fallback={<Loading />}>
      <Content params={found.params} isBeneath={Overlay !== undefined} />
      {Overlay !== undefined && (
        <Suspense fallback={null}>
          <Overlay params={found.params} />
        </Suspense>
      )}
    </Suspense>
  )
}

/** It could only be refused, whatever is pressed. */
function ClosedPage({ page, scope }: { readonly page: Page; readonly scope: Scope }) {
  const { t } = useTranslation()
  return (
    <section className="not-found">
      <h1>{t(page.title)}</h1>
      <p>{t('shell.closedText', { scope })}</p>
      <Link href="/">{t('shell.back')}</Link>
    </section>
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
