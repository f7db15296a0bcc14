/**
 * A grid of cells. One of them is in the order of focus; arrow keys lead to its neighbours, as they are seen.
 *
 * @module
 */
import type { EndpointCell } from '@evercert/contract'
import { memo, useRef, type KeyboardEvent, type MouseEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { siteKeyName } from '../../components/site-key.tsx'
import { lookOf, type Grouping, type MapGroup } from './map-groups.ts'
import { nextCell } from './next-cell.ts'

interface ProofMapProps {
  readonly groups: readonly MapGroup[]
  readonly by: Grouping
  readonly onOpen: (id: string) => void
}

/** Events are taken where they arrive: thousands of cells have no handlers of their own. */
export function ProofMap({ groups, by, onOpen }: ProofMapProps) {
  const { t } = useTranslation()
  const place = useRef<HTMLDivElement>(null)
  const onClick = ({ target }: MouseEvent): void => {
    const id = cellOf(target)?.dataset['id']
    if (id !== undefined) onOpen(id)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const current = cellOf(event.target)
    if (current === null || place.current === null) return
    const next = nextCell([...place.current.querySelectorAll<HTMLElement>('button[data-id]')], current, event.key)
    if (next === null) return
    event.preventDefault()
    focusCell(place.current, next)
  }
  return (
    <>
      <p className="visually-hidden" id="map-hint">
        {t('endpointMap.hint')}
      </p>
      {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the buttons within it are what is clicked */}
      <div
        ref={place}
        onClick={onClick}
        onKeyDown={onKeyDown}
        onFocus={({ target }) => {
          const cell = cellOf(target)
          if (cell !== null && place.current !== null) makeReachable(place.current, cell)
        }}
      >
        {groups.map((group, index) => (
          <Group key={group.name ?? ''} group={group} by={by} isFirst={index === 0} />
        ))}
      </div>
    </>
  )
}

function cellOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('button[data-id]') : null
}

function makeReachable(place: HTMLElement, cell: HTMLElement): void {
  for (const other of place.querySelectorAll<HTMLElement>('button[data-id][tabindex="0"]')) other.tabIndex = -1
  cell.tabIndex = 0
}

function focusCell(place: HTMLElement, cell: HTMLElement): void {
  makeReachable(place, cell)
  cell.focus()
}

interface GroupProps {
  readonly group: MapGroup
  readonly by: Grouping
  readonly isFirst: boolean
}

const Group = memo(function Group({ group: { name, cells, faults }, by, isFirst }: GroupProps) {
  const { t } = useTranslation()
  const title = useGroupName(name, by)
  return (
    <section className="map-group" aria-label={title} aria-describedby={isFirst ? 'map-hint' : undefined}>
      <h3>
        {title} <span className="muted">{t('endpointMap.inGroup', { count: cells.length })}</span>
        {faults > 0 && by !== 'verdict' && <span className="map-faults">{t('endpointMap.faults', { count: faults })}</span>}
      </h3>
      <div className="map-cells">
        {cells.map((cell, index) => (
          <Cell key={cell.id} cell={cell} isReachable={isFirst && index === 0} />
        ))}
      </div>
    </section>
  )
})

function useGroupName(name: string | null, by: Grouping): string {
  const { t } = useTranslation()
  if (name === null) return t('endpointMap.noTarget')
  if (by !== 'verdict') return name
  return name === 'unproved' ? t('endpoints.states.unproved') : t(`terms.verdict.${name as NonNullable<EndpointCell['verdict']>}`)
}

const Cell = memo(function Cell({ cell, isReachable }: { readonly cell: EndpointCell; readonly isReachable: boolean }) {
  const { t } = useTranslation()
  const { id, host, port, keyKind, verdict } = cell
  const site = [`${host}:${port}`, siteKeyName(keyKind)].filter((part) => part !== '').join(' ')
  const label = `${site}: ${verdict === null ? t('endpoints.states.unproved') : t(`terms.verdict.${verdict}`)}`
  return (
    <button
      type="button"
      className="map-cell"
      data-id={id}
      data-look={lookOf(cell)}
      tabIndex={isReachable ? 0 : -1}
      title={label}
      aria-label={label}
    />
  )
})
