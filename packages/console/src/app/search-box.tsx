/**
 * The search of the header: it leads to the list, and says what is searched for there.
 *
 * @module
 */
import SearchOutlined from '@ant-design/icons/es/icons/SearchOutlined'
import { useQueryClient } from '@tanstack/react-query'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useSearchParams } from 'wouter'
import { askForList } from '../api/certificate-pages.ts'
import { readListState } from '../pages/certificates/list-query.ts'
import { findPage } from './find-page.ts'

const MAX_LENGTH = 253 // a domain name

export function SearchBox() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [path, go] = useLocation()
  const [params] = useSearchParams()
  const isList = path === '/' || findPage(path)?.page.overlay !== undefined
  const current = isList ? (params.get('search') ?? '') : ''
  const [text, setText] = useState(current)
  const [shown, setShown] = useState(current)
  if (shown !== current) {
    // Somewhere else something else was searched for.
    setShown(current)
    setText(current)
  }
  /** The other filters of the list stay. */
  const search = (wanted: string): void => {
    const next = new URLSearchParams(isList ? params : undefined)
    if (wanted.trim() === '') next.delete('search')
    else next.set('search', wanted.trim())
    const query = next.toString()
    askForList(queries, readListState(next))
    go(query === '' ? '/' : `/?${query}`)
  }
  return (
    <search className="search">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          search(text)
        }}
      >
        <Input
          type="search"
          value={text}
          maxLength={MAX_LENGTH}
          allowClear
          prefix={<SearchOutlined aria-hidden />}
          placeholder={t('shell.searchPlaceholder')}
          aria-label={t('shell.search')}
          onChange={(event) => {
            setText(event.target.value)
            if (event.target.value === '' && current !== '') search('')
          }}
        />
      </form>
    </search>
  )
}
