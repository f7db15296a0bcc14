/**
 * What somebody does with the list of certificates: in this order, on a page that was just loaded, so that no answer is at hand.
 *
 * @module
 */
import type { Locator, Page } from 'playwright-core'

export interface Interaction {
  readonly name: string
  /** What comes before it and is not measured. */
  readonly before?: (page: Page, round: number) => Promise<void>
  /** What is clicked; null: Enter is pressed where the focus is. */
  readonly target: ((page: Page) => Locator) | null
  /** An expression of the page: it changes with the effect, and is null while that is not whole. */
  readonly sign: string
}

/** The certificates that are on the screen; null while they are those of before. */
const ROWS = `(() => {
  const list = document.querySelector('.list')
  if (list === null || list.getAttribute('aria-busy') === 'true') return null
  const rows = [...list.querySelectorAll('[data-certificate]')]
  const isSeen = (row) => row.getBoundingClientRect().top < innerHeight && row.getBoundingClientRect().bottom > 0
  return rows.filter(isSeen).map((row) => row.dataset.certificate).join() || 'none'
})()`

/** The drop-down is open when the time begins. */
function choose(name: string, label: string, option: string): Interaction {
  return {
    name,
    sign: ROWS,
    before: async (page) => {
      await page.getByRole('combobox', { name: label, exact: true }).click()
      await page.locator('.ant-select-dropdown:visible').first().waitFor()
    },
    target: (page) => page.locator('.ant-select-dropdown:visible').getByTitle(option, { exact: true }),
  }
}

export const INTERACTIONS: readonly Interaction[] = [
  {
    name: 'filter: expiring soon, one click',
    sign: ROWS,
    target: (page) => page.getByRole('button', { name: 'Expiring soon', exact: true }),
  },
  choose('sort: expiring first', 'Sort by', 'Expiring first'),
  choose('filter: another status', 'Status', 'Issued'),
  choose('sort: by name', 'Sort by', 'Name Z–A'),
  {
    name: 'search: a word',
    sign: ROWS,
    before: (page, round) => page.locator('header input[type=search]').fill(`team-${(round * 37) % 1000}.`),
    target: null,
  },
  {
    name: 'select a row',
    sign: `document.querySelector('.bulk-bar')?.textContent`,
    target: (page) => page.locator('input[data-select]').nth(2),
  },
  {
    name: 'open a row’s menu',
    sign: `document.querySelector('[role=menu] [role=menuitem]')?.textContent`,
    target: (page) => page.locator('.more-button').nth(3),
  },
  {
    name: 'next page: 200 more',
    sign: ROWS,
    before: async (page) => {
      await page.goto(new URL('/', page.url()).href)
      await page.getByRole('button', { name: 'Load more' }).waitFor()
      await page.waitForTimeout(1000) // never idle: the list listens to what others do
    },
    target: (page) => page.getByRole('button', { name: 'Load more' }),
  },
]
