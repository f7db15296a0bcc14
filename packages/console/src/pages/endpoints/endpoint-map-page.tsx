/**
 * The proof of every endpoint at a glance: a cell for each, told apart by colour and by sign. The same as a table for whoever prefers it.
 *
 * @module
 */
import type { EndpointCell } from '@evercert/contract'
import { useQuery } from '@tanstack/react-query'
import Segmented from 'antd/es/segmented'
import { useDeferredValue, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { EmptyList } from '../../components/page.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { useOpened } from '../../components/use-opened.ts'
import { EndpointDrawer } from './endpoint-drawer.tsx'
import './endpoint-map.css'
import { EndpointsHead } from './endpoints-head.tsx'
import { groupCells, GROUPINGS, lookOf, LOOKS, type Grouping, type Look } from './map-groups.ts'
import { MapTable } from './map-table.tsx'
import { ProofMap } from './proof-map.tsx'

const REFRESH_MS = 30_000

export function EndpointMapPage() {
  const { t } = useTranslation()
  const map = useQuery({ queryKey: keys.endpointMap, queryFn: () => api.endpoints.map(), refetchInterval: REFRESH_MS })
  const [openedId, open] = useOpened()
  return (
    <>
      <EndpointsHead result={null} />
      <section className="panel" aria-label={t('endpointMap.title')}>
        <QueryView query={map}>
          {({ items, all }) =>
            items.length === 0 ? (
              <EmptyList title={t('endpoints.emptyTitle')} text={t('endpoints.emptyText')}>
                <Link href="/">{t('shell.back')}</Link>
              </EmptyList>
            ) : (
              <>
                {all > items.length && <p role="note">{t('endpointMap.leftOut', { count: items.length, all })}</p>}
                <Cells cells={items} onOpen={open} />
              </>
            )
          }
        </QueryView>
      </section>
      <EndpointDrawer id={openedId} onClose={() => open(null)} />
    </>
  )
}

const FORMS = ['map', 'table'] as const

function Cells({ cells, onOpen }: { readonly cells: readonly EndpointCell[]; readonly onOpen: (id: string) => void }) {
  const { t } = useTranslation()
  const [by, setBy] = useState<Grouping>('host')
  const [form, setForm] = useState<(typeof FORMS)[number]>('map')
  const [only, setOnly] = useState<Look | null>(null)
  const counts = useMemo(() => Map.groupBy(cells, lookOf), [cells])
  const wanted = useDeferredValue({ only, by })
  const groups = useMemo(
    () => groupCells(wanted.only === null ? cells : cells.filter((cell) => lookOf(cell) === wanted.only), wanted.by),
    [cells, wanted],
  )
  return (
    <>
      <div className="map-tools">
        <Segmented
          aria-label={t('endpointMap.groupBy')}
          value={by}
          options={GROUPINGS.map((value) => ({ value, label: t(`endpointMap.groupings.${value}`) }))}
          onChange={setBy}
        />
        <Segmented
          aria-label={t('endpointMap.form')}
          value={form}
          options={FORMS.map((value) => ({ value, label: t(`endpointMap.forms.${value}`) }))}
          onChange={setForm}
        />
      </div>
      <div className="map-legend" role="group" aria-label={t('endpointMap.show')}>
        {LOOKS.map((look) => (
          <button
            key={look}
            type="button"
            className="map-key"
            aria-pressed={only === look}
            onClick={() => setOnly(only === look ? null : look)}
          >
            <span className="map-cell" data-look={look} aria-hidden="true" /> {t(`endpointMap.looks.${look}`)}{' '}
            <span className="number">{counts.get(look)?.length ?? 0}</span>
          </button>
        ))}
      </div>
      {form === 'map' ? <ProofMap groups={groups} by={by} onOpen={onOpen} /> : <MapTable groups={groups} onOpen={onOpen} />}
    </>
  )
}
