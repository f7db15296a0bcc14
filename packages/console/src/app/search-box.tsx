/**
 * The search of the header: it leads to the list, and says what is searched for there.
 *
 * @module
 */
import SearchOutlined from '@ant-design/icons/es/icons/SearchOutlined'
import Input from 'antd/es/input'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useSearchParams } from 'wouter'

const MAX_LENGTH = 253 // a domain name

export function SearchBox() {
  const [path] = useLocation()
  const [params] = useSearchParams()
  const current = path === '/' ? (params.get('search') ?? '') : ''
  return <SearchForm key={current} current={current} />
}

function SearchForm({ current }: { readonly current: string }) {
  const { t } = useTranslation()
  const [path, go] = useLocation()
  const [params] = useSearchParams()
  const [text, setText] = useState(current)
  /** The other filters of the list stay. */
  const search = (wanted: string): void => {
    const next = new URLSearchParams(path === '/' ? params : undefined)
    if (wanted.trim() === '') next.delete('search')
    else next.set('search', wanted.trim())
    const query = next.toString()
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
