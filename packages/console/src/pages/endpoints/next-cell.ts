/**
 * Where an arrow key leads on a map of cells.
 *
 * @module
 */

/** A cell as far as its place matters. */
interface Placed {
  getBoundingClientRect(): { readonly left: number; readonly top: number }
}

/** Null: the key leads nowhere. Up and down go to the nearest cell of the next row that is seen, also into the next group. */
export function nextCell<Cell extends Placed>(cells: readonly Cell[], current: Cell, key: string): Cell | null {
  const index = cells.indexOf(current)
  switch (key) {
    case 'ArrowRight':
      return cells[index + 1] ?? null
    case 'ArrowLeft':
      return cells[index - 1] ?? null
    case 'Home':
      return cells[0] ?? null
    case 'End':
      return cells.at(-1) ?? null
    case 'ArrowDown':
      return inNextRow(cells.slice(index + 1), current)
    case 'ArrowUp':
      return inNextRow(cells.slice(0, index).toReversed(), current)
    default:
      return null
  }
}

/** @param ahead the cells in the direction of the key, the nearest first */
function inNextRow<Cell extends Placed>(ahead: readonly Cell[], current: Cell): Cell | null {
  const { left, top } = current.getBoundingClientRect()
  const first = ahead.findIndex((cell) => cell.getBoundingClientRect().top !== top)
  if (first === -1) return null
  const rowTop = ahead[first]?.getBoundingClientRect().top
  let nearest: { readonly cell: Cell; readonly distance: number } | null = null
  for (const cell of ahead.slice(first)) {
    const place = cell.getBoundingClientRect()
    if (place.top !== rowTop) break
    const distance = Math.abs(place.left - left)
    if (nearest === null || distance < nearest.distance) nearest = { cell, distance }
  }
  return nearest?.cell ?? null
}
