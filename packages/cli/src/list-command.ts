/**
 * What commands that list something have in common: the page as a document, its rows as a table, a line where there is nothing.
 *
 * @module
 */
import type { Client } from '@evercert/contract/client'
import { formatTable, type Cell } from './output.ts'
import type { Session } from './session.ts'

/** A header in both languages, and the cell of an item under it. */
type Column<Item> = readonly [en: string, zh: string, cell: (item: Item, session: Session) => string | Cell]

function toCell(cell: string | Cell): Cell {
  return typeof cell === 'string' ? { text: cell } : cell
}

/** An id is there to be copied, not to be read. */
export function dim(text: string): Cell {
  return { text, colour: 'dim' }
}

interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

type Listing<Item> = {
  /** Said in place of a table without rows; by default the header alone is shown. */
  readonly none?: readonly [en: string, zh: string]
} & (
  | { readonly format: (session: Session, items: readonly Item[]) => readonly string[] }
  /** `shrink`: the column that gives way when the terminal is too narrow; the first by default. */
  | { readonly columns: readonly Column<Item>[]; readonly shrink?: number }
)

/** Shows a page. @returns the exit code */
export function showPage<Item>(session: Session, page: Page<Item>, listing: Listing<Item>): number {
  const { say } = session
  const shown = page.items.length
  session.document(page)
  if (shown === 0 && listing.none !== undefined) session.print(say(...listing.none))
  else session.print(...('format' in listing ? listing.format(session, page.items) : formatColumns(session, page.items, listing)))
  if (page.nextCursor !== null) session.print(say(`Only ${shown} are shown.`, `仅显示 ${shown} 条。`))
  return 0
}

function formatColumns<Item>(
  session: Session,
  items: readonly Item[],
  { columns, shrink = 0 }: { readonly columns: readonly Column<Item>[]; readonly shrink?: number },
): string[] {
  const header = columns.map(([en, zh]) => session.say(en, zh))
  const rows = items.map((item) => columns.map(([, , cellOf]) => toCell(cellOf(item, session))))
  return formatTable(header, rows, { paint: session.paint, columns: session.columns, shrink })
}

/** The command that loads a page and shows it. */
export function listCommand<Item, Options = object>(
  listing: { readonly load: (client: Client, options: Options) => Promise<Page<Item>> } & Listing<Item>,
): (session: Session, options: Options) => Promise<number> {
  return async (session, options) => showPage(session, await listing.load(await session.client(), options), listing)
}
