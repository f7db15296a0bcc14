/**
 * A reader of the console who opens each page, selects its rows, and presses each button, tab and menu entry once, also in what that opens.
 *
 * @module
 */
import type { Page } from 'playwright-core'
import type { Calls } from './console-calls.ts'

const MAX_PER_PAGE = 120

interface Reader {
  readonly page: Page
  readonly calls: Calls
  readonly url: string
  readonly paths: readonly string[]
  /** Looked for in the palette; something there has it in its name. */
  readonly word: string
  /** What has to be chosen on a page before it has its buttons. */
  readonly prepare?: (path: string) => Promise<void>
}

interface Pressed {
  /** What it stands in, and its label. */
  readonly key: string
  readonly isMenuEntry: boolean
  /** Entries of the same menu that were not pressed yet. */
  readonly left: number
}

/** @returns what was pressed, with its page */
export async function pressEverything(reader: Reader): Promise<string[]> {
  const pressed: string[] = []
  await load(reader, '/')
  await askPalette(reader)
  for (const path of reader.paths) {
    reader.calls.at(path)
    await show(reader, path)
    pressed.push(...(await pressAllOf(reader, path)))
  }
  return pressed
}

async function pressAllOf(reader: Reader, path: string): Promise<string[]> {
  const { page, calls } = reader
  const done = new Set<string>()
  let opener = ''
  for (let count = 0; count < MAX_PER_PAGE; count++) {
    await page.evaluate(SELECT_ROWS)
    const pressed = await page.evaluate<Pressed | null>(`(${PRESS_NEXT})(${JSON.stringify([...done])})`)
    if (pressed === null) {
      if (!(await closeOpened(reader, path))) break
      continue
    }
    done.add(pressed.key)
    calls.at(`${path} › ${pressed.key}`)
    await calls.settled()
    // A menu closes when one of its entries is pressed: it is opened again for the next.
    if (!pressed.isMenuEntry) opener = pressed.key
    else if (pressed.left > 0) done.delete(opener)
    const { pathname, search } = new URL(page.url())
    if (pathname + search !== path) await show(reader, path)
  }
  return [...done].map((key) => `${path} › ${key}`)
}

/** @returns false when nothing is open but what the path itself opens */
async function closeOpened(reader: Reader, path: string): Promise<boolean> {
  const { page, calls } = reader
  if (!(await page.evaluate<boolean>(`(${OPENED}) !== null`))) return false
  await page.keyboard.press('Escape')
  await calls.settled()
  if (new URL(page.url()).pathname !== path) return false
  if (await page.evaluate<boolean>(`(${OPENED}) !== null`)) await load(reader, path)
  return true
}

async function askPalette({ page, calls, word }: Reader): Promise<void> {
  calls.at('palette')
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').getByRole('combobox').fill(word)
  await page.getByRole('dialog').getByRole('option', { name: word }).first().waitFor()
  await calls.settled()
  await page.keyboard.press('Escape')
}

/** Without loading the console anew, as a link would. */
async function show(reader: Reader, path: string): Promise<void> {
  const { page, calls } = reader
  await page.evaluate(`history.pushState(null, '', ${JSON.stringify(path)})`)
  await calls.settled()
  if ((await page.locator(drawnBy(path)).count()) === 0) await load(reader, path)
  await reader.prepare?.(path)
  await calls.settled()
}

async function load({ page, calls, url }: Reader, path: string): Promise<void> {
  await page.goto(url + path)
  await page.locator(drawnBy(path)).first().waitFor()
  await calls.settled()
}

/** Some paths are drawn in a drawer over another page, or say that they are closed. */
const drawnBy = (path: string): string =>
  /\/(renewal|application)$/.test(path) ? '.ant-drawer-open h2, .not-found h1' : 'main h1'

/** The menu, dialog or drawer that is open; null: none. */
const OPENED = `[...document.querySelectorAll('.ant-dropdown:not(.ant-dropdown-hidden), .ant-popconfirm:not(.ant-popover-hidden), .ant-modal, .ant-drawer-open')]
  .filter((each) => each.checkVisibility())
  .toSorted((one, other) => Number(other.matches('.ant-dropdown, .ant-popover')) - Number(one.matches('.ant-dropdown, .ant-popover')))[0] ?? null`

const SELECT_ROWS = `for (const box of document.querySelectorAll('main :is(tr, [role=row], li) input[type=checkbox]')) if (!box.checked) box.click()`

/** Closing is left to the end; the others copy, unfold words that are there already, or are the twelve months of a picture. */
const QUIET = String.raw`/(^|› )(Copy|Cancel|Close|Details |How to install|PEM )|: \d+ expire/`

/** Runs in the page. */
const PRESS_NEXT = `(done) => {
  const opened = ${OPENED}
  const root = opened ?? document.querySelector('main')
  const isMenuEntry = opened?.matches('.ant-dropdown') === true
  const place = opened === null ? '' : (opened.querySelector('.ant-modal-title, .ant-drawer-title, .ant-popconfirm-title, h2')?.textContent ?? '') + ' › '
  const left = [...(root?.querySelectorAll(isMenuEntry ? '[role=menuitem]' : 'button, [role=tab], summary') ?? [])]
    .filter((each) => !each.disabled && each.ariaDisabled !== 'true' && each.checkVisibility())
    .map((element) => ({ element, key: place + (element.ariaLabel ?? element.textContent ?? '').trim() }))
    .filter(({ key }) => !done.includes(key) && key !== place && !${QUIET}.test(key))
  left[0]?.element.click()
  return left.length === 0 ? null : { key: left[0].key, isMenuEntry, left: left.length - 1 }
}`
