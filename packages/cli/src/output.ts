/**
 * What gets to the terminal: text without control characters, columns that align with Chinese in them, JSON.
 *
 * @module
 */

/** As much of a stream as the command uses. */
export interface TextStream {
  /** False: what it did not pass on yet is more than it wants to hold, until it says `drain`. */
  write(text: string): unknown
  once?(event: 'drain', listener: () => void): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (colour: Colour, text: string) => string

const SGR: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 }

/** Colours on a terminal, unless NO_COLOR is set (to anything but nothing) or the terminal is dumb. */
export function createPaint(stream: TextStream, env: NodeJS.ProcessEnv): Paint {
  const plain = stream.isTTY !== true || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
  return (colour, text) => (plain || text === '' ? text : `\u001B[${SGR[colour]}m${text}\u001B[0m`)
}

// C0, DEL and C1 drive the terminal; the bidirectional controls make a text look like another one.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g
// oxlint-disable-next-line no-control-regex
const ESCAPE_SEQUENCES = /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)?/g

/** Makes text from outside (names, subjects, problem details) safe to print: one line, no control characters. */
export function clean(text: string): string {
  return text
    .replaceAll(ESCAPE_SEQUENCES, '')
    .replaceAll(/[\t\r\n]+/g, ' ')
    .replaceAll(CONTROLS, '')
}

/** Like {@link clean}, for texts of several lines, such as a PEM or a validation file. */
export function cleanLines(text: string): string[] {
  return text.split(/\r?\n/).map((line) => clean(line))
}

/** One JSON document that no terminal can be driven with: what JSON leaves as it is is escaped too. */
export function toJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// East Asian Width W and F (Unicode UAX #11), in the blocks that names are written in.
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1F9FF}\u{20000}-\u{3FFFD}]/u
const ZERO = /[\p{Mn}\p{Me}\p{Cf}]/u

/** Columns that the text takes on a terminal; colours take none. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text.replaceAll(ESCAPE_SEQUENCES, '')) {
    width += ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  }
  return width
}

/** Cuts uncoloured text to so many columns, the last one an ellipsis. */
export function truncate(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  for (const character of text) {
    if (displayWidth(kept + character) > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - displayWidth(text)))
}

/** A cell: text from outside is cleaned; a colour is put on after the text was measured and cut. */
export interface Cell {
  readonly text: string
  readonly colour?: Colour | undefined
}

export interface TableOptions {
  readonly paint: Paint
  /** Columns of the terminal; null = do not cut (a pipe or a file). */
  readonly columns: number | null
  /** Which column gives way when the terminal is too narrow. */
  readonly shrink?: number
}

const GAP = '  '
const NARROWEST = 12

/** Lines of a table with a header; the widest cell of a column makes its width. */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[], options: TableOptions): string[] {
  const cleaned = rows.map((row) => row.map((cell) => ({ ...cell, text: clean(cell.text) })))
  const widths = header.map((title, column) =>
    Math.max(displayWidth(title), ...cleaned.map((row) => displayWidth(row[column]?.text ?? ''))),
  )
  shrinkToFit(widths, options)
  const line = (cells: readonly Cell[]) =>
    widths
      .map((width, column) => {
        const { text, colour } = cells[column] ?? { text: '' }
        const padded = padEnd(truncate(text, width), width)
        return colour === undefined ? padded : options.paint(colour, padded)
      })
      .join(GAP)
      .trimEnd()
  return [line(header.map((text) => ({ text, colour: 'bold' as const }))), ...cleaned.map((row) => line(row))]
}

function shrinkToFit(widths: number[], { columns, shrink = 0 }: TableOptions): void {
  if (columns === null) return
  const total = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1)
  const width = widths[shrink]
  if (total > columns && width !== undefined) widths[shrink] = Math.max(Math.min(width, NARROWEST), width - (total - columns))
}

/** Lines of `label  value`, the values aligned. */
export function formatFacts(facts: readonly (readonly [label: string, value: string])[], paint: Paint): string[] {
  const width = Math.max(...facts.map(([label]) => displayWidth(label)))
  return facts.map(([label, value]) => `${paint('dim', padEnd(label, width))}  ${clean(value)}`)
}
