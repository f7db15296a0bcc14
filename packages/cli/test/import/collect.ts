/** What a source gives, by kind. */
import type { Found, Item, Skipped } from '../../src/import/found.ts'

export interface Collected {
  readonly found: Found[]
  readonly skipped: Skipped[]
  /** `path: code` of what was left out. */
  readonly codes: string[]
}

export async function collect(items: AsyncIterable<Item>): Promise<Collected> {
  const found: Found[] = []
  const skipped: Skipped[] = []
  for await (const item of items) {
    if (item.kind === 'found') found.push(item)
    else skipped.push(item)
  }
  return { found, skipped, codes: skipped.map(({ origin, code }) => `${origin.split('/').at(-1)}: ${code}`) }
}
