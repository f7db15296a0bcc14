/**
 * `evercert export`: the filtered list, or what is named of it, as a file, written while it comes.
 *
 * @module
 */
import { MAX_SELECTED, type ExportFormat } from '@evercert/contract'
import { openExport } from '@evercert/contract/client'
import { toQuery, type FilterOptions } from '../certificate-filter.ts'
import { wrongUsage } from '../failure.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'
import { refuseExisting, writeStream } from '../write-files.ts'

export interface ExportOptions extends FilterOptions {
  readonly format: ExportFormat
  readonly ids?: string
  readonly out?: string
  readonly force?: boolean
}

export async function exportCommand(session: Session, options: ExportOptions): Promise<number> {
  const ids = options.ids === undefined ? undefined : readIds(options.ids)
  const query = { ...toQuery(options), ...(ids !== undefined && { ids }) }
  const { out, format } = options
  if (out !== undefined) refuseExisting([out], { force: options.force === true })
  const body = await openExport(await session.connection(), { ...query, format })
  if (out === undefined) return print(session, body)
  const bytes = await writeStream(out, body, options.force === true)
  session.document({ file: out, format, bytes })
  session.print(`${session.paint('green', '✔')} ${clean(out)}`)
  return 0
}

/** @throws CliFailure `invalid` for none, or for more than the service takes at once */
function readIds(list: string): string[] {
  const ids = [...new Set(list.split(',').map((id) => id.trim()))].filter((id) => id !== '')
  if (ids.length > 0 && ids.length <= MAX_SELECTED) return ids
  throw wrongUsage('invalid', `Reading --ids: ${ids.length} ids are named: name 1 to ${MAX_SELECTED}.`, {
    cause: { en: `--ids names ${ids.length} certificates.`, zh: `--ids 列出了 ${ids.length} 张证书。` },
    remedy: {
      en: `Name 1 to ${MAX_SELECTED} ids, separated by commas; for more, use the filters.`,
      zh: `请列出 1 到 ${MAX_SELECTED} 个编号，以逗号分隔；更多请使用筛选条件。`,
    },
  })
}

async function print({ shell }: Session, body: ReadableStream<Uint8Array>): Promise<number> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  // Whoever reads slowly makes us read slowly: what is not taken yet would pile up here.
  for await (const chunk of body) {
    const isTaken = shell.stdout.write(decoder.decode(chunk, { stream: true }))
    if (isTaken === false) await new Promise<void>((resolve) => shell.stdout.once?.('drain', resolve) ?? resolve())
  }
  return 0
}
