/**
 * Which rows are drawn at once: those that the screen has room for. The others follow in the background, and whatever is done meanwhile goes first.
 *
 * @module
 */
/** More than fit under the header of a large screen. */
export const SCREENFUL = 16

/**
 * @param loaded what the list has
 * @param drawn what was drawn last
 */
export function rowsToDraw<Row>(loaded: readonly Row[], drawn: readonly Row[]): readonly Row[] {
  if (drawn === loaded) return loaded
  const known = new Set(drawn)
  const isAnother = !loaded.some((row) => known.has(row)) // filtered or sorted otherwise
  if (isAnother) return loaded.slice(0, SCREENFUL)
  return loaded.length > drawn.length ? loaded.slice(0, drawn.length + SCREENFUL) : drawn
}
