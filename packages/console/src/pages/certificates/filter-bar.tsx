/**
 * The status drop-down above the list, 即将过期 one click away, and what else the list is filtered and sorted by.
 *
 * @module
 */
import {
  CERTIFICATE_ORIGINS,
  CERTIFICATE_SORTS,
  CERTIFICATE_STATUSES,
  type CertificateSort,
  type CertificateStatusView,
} from '@evercert/contract'
import Button from 'antd/es/button'
import Select from 'antd/es/select'
import Tag from 'antd/es/tag'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { formatMoment } from '../../components/moment.tsx'
import { ExportMenu } from './export-menu.tsx'
import { DEFAULT_SORT, type ChangeListState, type ListState } from './list-query.ts'

interface FilterBarProps {
  readonly state: ListState
  readonly onChange: ChangeListState
}

const ALL = 'all'
type Origin = (typeof CERTIFICATE_ORIGINS)[number]

/** Each control is drawn anew for its own change alone: the list has to answer at once. */
export function FilterBar({ state, onChange }: FilterBarProps) {
  return (
    <div className="filters">
      <StatusFilter value={state.status} onChange={onChange} />
      <ExpiringFilter isPressed={state.status === 'expiringSoon'} onChange={onChange} />
      <OriginFilter value={state.origin} onChange={onChange} />
      <Chips state={state} onChange={onChange} />
      <div className="filter-end">
        <Sorting value={state.sort} onChange={onChange} />
        <ExportMenu />
      </div>
    </div>
  )
}

interface ControlProps<Value> {
  readonly value: Value | undefined
  readonly onChange: ChangeListState
}

const StatusFilter = memo(({ value, onChange }: ControlProps<CertificateStatusView>) => {
  const { t } = useTranslation()
  return (
    <Select<CertificateStatusView | typeof ALL>
      className="filter-status"
      aria-label={t('certificates.status')}
      value={value ?? ALL}
      options={[
        { value: ALL, label: t('certificates.allStatuses') },
        ...CERTIFICATE_STATUSES.map((each) => ({ value: each, label: t(`certificates.statuses.${each}`) })),
      ]}
      listHeight={420}
      onChange={(chosen) => onChange({ status: chosen === ALL ? undefined : chosen })}
    />
  )
})

interface ExpiringFilterProps {
  readonly isPressed: boolean
  readonly onChange: ChangeListState
}

const ExpiringFilter = memo(({ isPressed, onChange }: ExpiringFilterProps) => {
  const { t } = useTranslation()
  return (
    <Button
      type={isPressed ? 'primary' : 'default'}
      aria-pressed={isPressed}
      onClick={() => onChange({ status: isPressed ? undefined : 'expiringSoon' })}
    >
      {t('certificates.expiringSoon')}
    </Button>
  )
})

const OriginFilter = memo(({ value, onChange }: ControlProps<Origin>) => {
  const { t } = useTranslation()
  return (
    <Select<Origin | typeof ALL>
      className="filter-origin"
      aria-label={t('certificates.origin')}
      value={value ?? ALL}
      options={[
        { value: ALL, label: t('certificates.allOrigins') },
        ...CERTIFICATE_ORIGINS.map((each) => ({ value: each, label: t(`terms.origin.${each}`) })),
      ]}
      onChange={(chosen) => onChange({ origin: chosen === ALL ? undefined : chosen })}
    />
  )
})

const Sorting = memo(({ value, onChange }: ControlProps<CertificateSort>) => {
  const { t } = useTranslation()
  return (
    <Select<CertificateSort>
      className="filter-sort"
      aria-label={t('certificates.sort')}
      value={value ?? DEFAULT_SORT}
      options={CERTIFICATE_SORTS.map((each) => ({ value: each, label: t(`certificates.sortBy.${each}`) }))}
      onChange={(chosen) => onChange({ sort: chosen === DEFAULT_SORT ? undefined : chosen })}
    />
  )
})

/** Filters that have no control of their own: they can be seen, and removed. */
function Chips({ state, onChange }: FilterBarProps) {
  const { t } = useTranslation()
  const day = (at: string | undefined): string => (at === undefined ? '…' : formatMoment(at, 'day'))
  const chips = [
    state.search !== undefined && {
      label: t('certificates.searchFilter', { text: state.search }),
      remove: () => onChange({ search: undefined }),
    },
    state.anyTags !== undefined && {
      label: t('certificates.tagFilter', { tag: state.anyTags }),
      remove: () => onChange({ anyTags: undefined }),
    },
    state.waitsFor !== undefined && {
      label: t(`certificates.waitsFor.${state.waitsFor}`),
      remove: () => onChange({ waitsFor: undefined }),
    },
    (state.expiresFrom !== undefined || state.expiresTo !== undefined) && {
      label: t('certificates.periodFilter', { from: day(state.expiresFrom), to: day(state.expiresTo) }),
      remove: () => onChange({ expiresFrom: undefined, expiresTo: undefined }),
    },
  ].filter((chip) => chip !== false)
  return (
    <div className="chips" role="group" aria-label={t('certificates.filters')}>
      {chips.map(({ label, remove }) => (
        <Tag key={label} closable={{ 'aria-label': t('certificates.removeFilter', { what: label }) }} onClose={remove}>
          {label}
        </Tag>
      ))}
    </div>
  )
}
