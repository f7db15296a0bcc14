/**
 * What the parts of a table are, said to browsers that forget it of those that are laid out as grids. Spread into them: as attributes they
 * would look redundant to a linter, which does not see the style sheet.
 *
 * @module
 */
export const TABLE = { role: 'table' } as const
export const ROW_GROUP = { role: 'rowgroup' } as const
export const ROW = { role: 'row' } as const
export const CELL = { role: 'cell' } as const
export const COLUMN_HEADER = { role: 'columnheader', scope: 'col' } as const
export const ROW_HEADER = { role: 'rowheader', scope: 'row' } as const
