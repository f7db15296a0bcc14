/**
 * `evercert import <tool>`: what certbot, acme.sh, lego or Caddy keep on this machine, with keys and names.
 *
 * @module
 */
import type { Estate } from '../import/estate.ts'
import type { Item } from '../import/found.ts'
import type { Position } from '../import/position.ts'
import type { Session } from '../session.ts'
import { runUpload } from './upload-report.ts'

export interface ImportOptions {
  readonly root?: string
  readonly home?: string
  readonly path?: string
  readonly data?: string
  readonly dryRun?: boolean
}

/** The other tool's folder is only read. */
export async function importCommand(session: Session, estate: Estate, options: ImportOptions): Promise<number> {
  const folder = options[estate.option] ?? estate.defaultFolder(session.shell.env)
  const items: Item[] = []
  for await (const item of estate.read(folder, session.shell.now())) items.push(item)
  const position = { done: 0, total: items.length }
  return runUpload(session, fromList(items, position), { source: folder, dryRun: options.dryRun ?? false, position })
}

// oxlint-disable-next-line require-await -- an estate is small enough to be read before it is sent
async function* fromList(items: readonly Item[], position: Position): AsyncGenerator<Item> {
  for (const item of items) {
    position.done += 1
    yield item
  }
}
