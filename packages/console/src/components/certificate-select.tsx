/**
 * One certificate of the account, found by the beginning of a name, a domain or a fingerprint; the value is its id.
 *
 * @module
 */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import Select from 'antd/es/select'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'
import { formatMoment } from './moment.tsx'

const SHOWN = 20
const MAX_SEARCH = 253

/** The parts of a select that a form fills in. */
export interface CertificateSelectProps {
  readonly id?: string
  readonly value?: string
  readonly onChange?: (id: string) => void
  /** What is searched for until somebody types. */
  readonly first?: string
}

export function CertificateSelect({ id, value, onChange, first = '' }: CertificateSelectProps) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const search = (typed === '' ? first : typed).slice(0, MAX_SEARCH)
  const query = { search, limit: SHOWN, sort: 'name' } as const
  const found = useQuery({
    queryKey: keys.list(query),
    queryFn: () => api.certificates.list(query),
    placeholderData: keepPreviousData,
  })
  const options = (found.data?.items ?? []).map((each) => ({
    value: each.id,
    label: each.notAfter === null ? each.name : `${each.name} · ${formatMoment(each.notAfter, 'day')}`,
  }))
  return (
    <Select
      {...(id !== undefined && { id })}
      {...(value !== undefined && { value })}
      {...(onChange !== undefined && { onChange })}
      options={options}
      loading={found.isFetching}
      placeholder={t('fields.findCertificate')}
      notFoundContent={found.isPending ? t('shell.loading') : t('fields.noCertificate')}
      showSearch={{ filterOption: false, onSearch: setTyped }}
    />
  )
}
