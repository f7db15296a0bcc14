/**
 * The same as the map, in words: those with faults first.
 *
 * @module
 */
import type { EndpointCell } from '@evercert/contract'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { SiteKey } from '../../components/site-key.tsx'
import { Mark } from '../../components/status-mark.tsx'
import { useShown } from '../../components/use-shown.ts'
import { lookOf, LOOKS, type MapGroup } from './map-groups.ts'

const TONES = { fault: 'bad', old: 'warning', unproved: 'todo', served: 'good' } as const

export function MapTable({ groups, onOpen }: { readonly groups: readonly MapGroup[]; readonly onOpen: (id: string) => void }) {
  const { t } = useTranslation()
  const rank = (cell: EndpointCell): number => LOOKS.indexOf(lookOf(cell))
  const { rows, all, showMore } = useShown(groups.flatMap(({ cells }) => cells).toSorted((one, other) => rank(one) - rank(other)))
  const columns: Column<EndpointCell>[] = [
    {
      key: 'endpoint',
      title: t('endpoints.endpoint'),
      kind: 'name',
      render: ({ id, host, port, keyKind }) => (
        <>
          <Button type="link" className="map-name" onClick={() => onOpen(id)}>
            {host}
            <wbr />:{port}
          </Button>
          <SiteKey keyKind={keyKind} />
        </>
      ),
    },
    {
      key: 'proof',
      title: t('endpoints.proof'),
      render: (cell) => (
        <Mark tone={TONES[lookOf(cell)]}>
          {cell.verdict === null ? t('endpoints.states.unproved') : t(`terms.verdict.${cell.verdict}`)}
        </Mark>
      ),
    },
    {
      key: 'targets',
      title: t('endpointMap.targets'),
      render: ({ targets }) => (targets.length === 0 ? '–' : targets.join(', ')),
    },
    {
      key: 'probed',
      title: t('endpointMap.probedAt'),
      render: ({ probedAt }) => (probedAt === null ? '–' : <Moment at={probedAt} />),
    },
  ]
  return (
    <>
      <RecordTable label={t('endpointMap.title')} columns={columns} rows={rows} rowKey={({ id }) => id} />
      <div className="records-end muted">
        <span role="status">{t('endpoints.shown', { count: rows.length, all })}</span>
        {showMore !== null && <Button onClick={showMore}>{t('certificates.loadMore')}</Button>}
      </div>
    </>
  )
}
