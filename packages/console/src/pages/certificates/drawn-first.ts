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

export interface ListedRows<Row> {
  readonly rows: readonly Row[]
  /** The filter and order that they are of; null: those of before, while others are on their way. */
  readonly of: string | null
}

/**
 * @param loaded what the list has
 * @param drawn what was drawn last
 * @param screenful how many may be seen
 */
export function rowsToDraw<Row>(loaded: ListedRows<Row>, drawn: ListedRows<Row>, screenful: number): readonly Row[] {
  if (drawn.rows === loaded.rows) return loaded.rows
  const isAnother = loaded.of !== null && loaded.of !== drawn.of // filtered or sorted otherwise
  if (isAnother) return loaded.rows.slice(0, screenful)
  return loaded.rows.length > drawn.rows.length ? loaded.rows.slice(0, drawn.rows.length + screenful) : drawn.rows
}
