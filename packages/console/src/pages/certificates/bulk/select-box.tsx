/**
 * The boxes by which certificates are selected: one for each, one for all that are shown. With Shift a range; the arrow keys go from box
 * to box, with Shift they take it along; Ctrl+A takes all that are shown, Escape none.
 *
 * @module
 */
import type { KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { Selection } from './selection.ts'
import { useIsSelected, useSelectedIds } from './use-selection.ts'

interface SelectBoxProps {
  readonly selection: Selection
  readonly id: string
  readonly name: string
}

/** Boxes in the order of the page: the list may be a table or cards. */
function boxesAround(box: HTMLElement): HTMLInputElement[] {
  return [...(box.closest('.list')?.querySelectorAll<HTMLInputElement>('input[data-select]') ?? [])]
}

const idOf = (box: HTMLInputElement): string => box.dataset['select'] ?? ''

export function SelectBox({ selection, id, name }: SelectBoxProps) {
  const isSelected = useIsSelected(selection, id)
  return (
    <label className="select">
      <input
        type="checkbox"
        data-select={id}
        aria-label={name}
        checked={isSelected}
        onChange={({ target, nativeEvent }) => {
          const isRange = nativeEvent instanceof MouseEvent && nativeEvent.shiftKey
          if (isRange) selection.changeRange(id, boxesAround(target).map(idOf))
          else selection.change([id], target.checked)
        }}
        onKeyDown={(event) => moveByKey(event, selection)}
      />
    </label>
  )
}

function moveByKey(event: KeyboardEvent<HTMLInputElement>, selection: Selection): void {
  const box = event.currentTarget
  const boxes = boxesAround(box)
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step !== undefined) {
    const next = boxes[boxes.indexOf(box) + step]
    if (next === undefined) return
    next.focus()
    if (event.shiftKey) selection.change([idOf(box), idOf(next)], true)
  } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) selection.change(boxes.map(idOf), true)
  else if (event.key === 'Escape') selection.clear()
  else return
  event.preventDefault()
}

interface SelectAllProps {
  readonly selection: Selection
  /** Those that are shown. */
  readonly ids: readonly string[]
  /** Beside the box; without it the box is alone, and says it to those who hear the page. */
  readonly isLabelled?: boolean
}

export function SelectAll({ selection, ids, isLabelled = false }: SelectAllProps) {
  const { t } = useTranslation()
  const selected = useSelectedIds(selection)
  const count = ids.filter((id) => selected.has(id)).length
  const label = t('bulk.selectAll')
  return (
    <label className="select">
      <input
        type="checkbox"
        aria-label={isLabelled ? undefined : label}
        checked={count > 0 && count === ids.length}
        ref={(box) => {
          if (box !== null) box.indeterminate = count > 0 && count < ids.length
        }}
        onChange={({ target }) => selection.change(ids, target.checked)}
      />
      {isLabelled && <span>{label}</span>}
    </label>
  )
}
