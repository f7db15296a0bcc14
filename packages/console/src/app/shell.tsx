/**
 * The frame of every page: menu, header, and the place of the page itself.
 *
 * @module
 */
import ApiOutlined from '@ant-design/icons/es/icons/ApiOutlined'
import MenuFoldOutlined from '@ant-design/icons/es/icons/MenuFoldOutlined'
import MenuOutlined from '@ant-design/icons/es/icons/MenuOutlined'
import MenuUnfoldOutlined from '@ant-design/icons/es/icons/MenuUnfoldOutlined'
import Button from 'antd/es/button'
import Drawer from 'antd/es/drawer'
import { lazy, Suspense, useEffect, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import { useAwayNodes } from '../api/use-key-health.ts'
import { useMe } from '../api/use-me.ts'
import { allTexts } from '../i18n/i18n.ts'
import { HeaderTools } from './header-tools.tsx'
import { forgetOthers, personOf } from './kept-drafts.ts'
import { PaletteOpener } from './palette-opener.tsx'
import { NARROW, useMedia, useMenuCollapsed } from './preferences.ts'
import { MENU_GROUPS, PAGES, type Page } from './routes.ts'
import { SearchBox } from './search-box.tsx'

/** Seldom needed. */
const KeyAway = lazy(async () => {
  const [{ KeyAway: component }] = await Promise.all([import('../components/key-away.tsx'), allTexts()])
  return { default: component }
})

export function Shell({ page, children }: { readonly page: Page | null; readonly children: ReactNode }) {
  const { t } = useTranslation()
  const isNarrow = useMedia(NARROW)
  const [isCollapsed, setCollapsed] = useMenuCollapsed()
  const [isOpen, setOpen] = useState(false)
  const main = useFocusOnNewPage(page)
  const away = useAwayNodes()
  useForgetOthers()
  return (
    <div className="shell" data-collapsed={isCollapsed && !isNarrow}>
      <a className="skip" href="#main">
        {t('shell.skip')}
      </a>
      {!isNarrow && (
        <aside className="side">
          <Brand isShort={isCollapsed} />
          <MainMenu page={page} isShort={isCollapsed} />
          <Button
            type="text"
            className="side-fold"
            icon={isCollapsed ? <MenuUnfoldOutlined /> : <MenuFoldOutlined />}
            aria-label={isCollapsed ? t('shell.expandMenu') : t('shell.collapseMenu')}
            onClick={() => setCollapsed(!isCollapsed)}
          />
        </aside>
      )}
      <div className="body">
        <header className="header">
          {isNarrow && (
            <Button
              type="text"
              icon={<MenuOutlined />}
              aria-label={t('shell.openMenu')}
              aria-expanded={isOpen}
              onClick={() => setOpen(true)}
            />
          )}
          <SearchBox />
          <PaletteOpener />
          <HeaderTools />
        </header>
        <main id="main" className="main" tabIndex={-1} ref={main}>
          {away.length > 0 && (
            <Suspense fallback={null}>
              <KeyAway nodes={away} />
            </Suspense>
          )}
          {children}
        </main>
      </div>
      {isNarrow && (
        <Drawer placement="left" size={280} open={isOpen} onClose={() => setOpen(false)} title={<Brand isShort={false} />}>
          <MainMenu page={page} isShort={false} onChoose={() => setOpen(false)} />
        </Drawer>
      )}
    </div>
  )
}

/** Who was here before, on the same machine, left nothing for who is here now. */
function useForgetOthers(): void {
  const personId = personOf(useMe().data)
  useEffect(() => {
    if (personId !== '') forgetOthers(personId)
  }, [personId])
}

/** A reader starts at the top of a page that was opened; not when the console itself is opened. */
function useFocusOnNewPage(page: Page | null) {
  const main = useRef<HTMLElement>(null)
  const shown = useRef(page?.component)
  useEffect(() => {
    if (shown.current === page?.component) return
    shown.current = page?.component
    main.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [page])
  return main
}

function Brand({ isShort }: { readonly isShort: boolean }) {
  const { t } = useTranslation()
  return (
    <Link href="/" className="brand" aria-label={isShort ? 'Evercert' : undefined}>
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <path className="brand-shield" d="M16 2 4 6.5v8.7c0 7 5 12.4 12 14.8 7-2.4 12-7.8 12-14.8V6.5z" />
        <path className="brand-tick" d="m10.5 16.3 4 4 7.5-8.3" />
      </svg>
      {!isShort && (
        <span>
          <strong>Evercert</strong>
          <small>{t('shell.product')}</small>
        </span>
      )}
    </Link>
  )
}

interface MenuProps {
  readonly page: Page | null
  readonly isShort: boolean
  readonly onChoose?: () => void
}

function MainMenu({ page, isShort, onChoose }: MenuProps) {
  const { t } = useTranslation()
  useLocation() // draws the current page anew
  const scopes = useMe().data?.scopes ?? []
  const menu = useCurrentInView(page, scopes.length)
  return (
    <nav className="menu" aria-label={t('shell.menu')} ref={menu}>
      {MENU_GROUPS.map((group) => {
        const items = PAGES.filter(({ menu, scope }) => menu?.group === group && (scope === undefined || scopes.includes(scope)))
        const isLast = group === 'settings'
        if (items.length === 0 && !isLast) return null
        return (
          <section key={group} aria-labelledby={`menu-${group}`}>
            <p id={`menu-${group}`} className={isShort ? 'visually-hidden' : 'menu-group'}>
              {t(`shell.groups.${group}`)}
            </p>
            <ul>
              {items.map(({ path, title, menu, component }) => (
                <li key={path}>
                  <Link
                    href={path}
                    title={isShort ? t(title) : undefined}
                    aria-current={component === page?.component ? 'page' : page?.path.startsWith(`${path}/`) === true}
                    onClick={onChoose}
                  >
                    <span aria-hidden>{menu?.icon}</span>
                    <span className={isShort ? 'visually-hidden' : undefined}>{t(title)}</span>
                  </Link>
                </li>
              ))}
              {isLast && <ReferenceItem isShort={isShort} />}
            </ul>
          </section>
        )
      })}
    </nav>
  )
}

/** The menu is longer than many screens: where one is can be seen in it. */
function useCurrentInView(page: Page | null, entries: number) {
  const menu = useRef<HTMLElement>(null)
  useEffect(() => {
    menu.current?.querySelector('[aria-current=page], [aria-current=true]')?.scrollIntoView({ block: 'nearest' })
  }, [page, entries])
  return menu
}

function ReferenceItem({ isShort }: { readonly isShort: boolean }) {
  const { t } = useTranslation()
  return (
    <li>
      <a href="/api/v1/docs" target="_blank" rel="noreferrer" title={isShort ? t('shell.reference') : undefined}>
        <ApiOutlined aria-hidden />
        <span className={isShort ? 'visually-hidden' : undefined}>{t('shell.reference')}</span>
      </a>
    </li>
  )
}
