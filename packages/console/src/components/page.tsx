/**
 * What pages of records and forms are made of: parts of one subject, an empty list that says what to do, and the end of a list.
 *
 * @module
 */
import Button from 'antd/es/button'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import './page.css'

/** Pages of one subject, one of which is shown. */
export function PageTabs({
  label,
  tabs,
}: {
  readonly label: string
  readonly tabs: readonly { readonly path: string; readonly title: string }[]
}) {
  const [path] = useLocation()
  return (
    <nav className="page-tabs" aria-label={label}>
      {tabs.map((tab) => (
        <Link key={tab.path} href={tab.path} aria-current={tab.path === path ? 'page' : undefined}>
          {tab.title}
        </Link>
      ))}
    </nav>
  )
}

export function EmptyList({
  title,
  text,
  children,
}: {
  readonly title: string
  readonly text?: string
  readonly children?: ReactNode
}) {
  return (
    <div className="empty-list">
      <p className="empty-list-title">{title}</p>
      {text !== undefined && <p className="muted">{text}</p>}
      {children}
    </div>
  )
}

interface ListEndProps {
  /** How many are shown, in words. */
  readonly children: string
  readonly hasMore: boolean
  readonly isLoading: boolean
  readonly onMore: () => void
}

export function ListEnd({ children, hasMore, isLoading, onMore }: ListEndProps) {
  const { t } = useTranslation()
  return (
    <div className="records-end">
      <span className="muted" role="status">
        {children}
      </span>
      {hasMore && (
        <Button loading={isLoading} onClick={onMore}>
          {t('fields.loadMore')}
        </Button>
      )}
    </div>
  )
}
