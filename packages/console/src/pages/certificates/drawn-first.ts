/**
 * Which rows are drawn at once: those that the screen has room for. The others follow in the background, and whatever is done meanwhile goes first.
 *
 * @module
 */
/** No row is less high, in CSS pixels. */
const ROW_HEIGHT = 60

/** How many rows fit between where the list begins and the end of the screen. */
export function screenfulFrom(top: number, screenHeight: number): number {
  return Math.ceil((screenHeight - Math.max(0, Math.min(top, screenHeight))) / ROW_HEIGHT) + 1
}

/**
 * @param loaded what the list has
 * @param drawn what was drawn last
 * @param screenful how many may be seen
 */
export function rowsToDraw<Row extends { readonly id: string }>(
  loaded: readonly Row[],
  drawn: readonly Row[],
  screenful: number,
): readonly Row[] {
  if (drawn === loaded) return loaded
  const known = new Set(drawn)
  const isSame = drawn.length > 0 && drawn.every(({ id }, place) => loaded[place]?.id === id) // asked for again, whatever changed in it
  const isAnother = !isSame && !loaded.some((row) => known.has(row)) // filtered or sorted otherwise
  if (isAnother) return loaded.slice(0, screenful)
  return loaded.length > drawn.length ? loaded.slice(0, drawn.length + screenful) : drawn
}
