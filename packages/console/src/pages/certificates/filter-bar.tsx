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

export function FilterBar({ state, onChange }: FilterBarProps) {
  const { t } = useTranslation()
  const isExpiring = state.status === 'expiringSoon'
  return (
    <div className="filters">
      <Select<CertificateStatusView | typeof ALL>
        className="filter-status"
        aria-label={t('certificates.status')}
        value={state.status ?? ALL}
        options={[
          { value: ALL, label: t('certificates.allStatuses') },
          ...CERTIFICATE_STATUSES.map((value) => ({ value, label: t(`certificates.statuses.${value}`) })),
        ]}
        listHeight={420}
        onChange={(value) => onChange({ status: value === ALL ? undefined : value })}
      />
      <Button
        type={isExpiring ? 'primary' : 'default'}
        aria-pressed={isExpiring}
        onClick={() => onChange({ status: isExpiring ? undefined : 'expiringSoon' })}
      >
        {t('certificates.expiringSoon')}
      </Button>
      <Select<Origin | typeof ALL>
        className="filter-origin"
        aria-label={t('certificates.origin')}
        value={state.origin ?? ALL}
        options={[
          { value: ALL, label: t('certificates.allOrigins') },
          ...CERTIFICATE_ORIGINS.map((value) => ({ value, label: t(`terms.origin.${value}`) })),
        ]}
        onChange={(value) => onChange({ origin: value === ALL ? undefined : value })}
      />
      <Chips state={state} onChange={onChange} />
      <div className="filter-end">
        <Select<CertificateSort>
          className="filter-sort"
          aria-label={t('certificates.sort')}
          value={state.sort ?? DEFAULT_SORT}
          options={CERTIFICATE_SORTS.map((value) => ({ value, label: t(`certificates.sortBy.${value}`) }))}
          onChange={(value) => onChange({ sort: value === DEFAULT_SORT ? undefined : value })}
        />
        <ExportMenu state={state} />
      </div>
    </div>
  )
}

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
