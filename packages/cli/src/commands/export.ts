/**
 * `evercert export`: the filtered list as a file, written while it comes.
 *
 * @module
 */
import type { ExportFormat } from '@evercert/contract'
import { openExport } from '@evercert/contract/client'
import { toQuery, type FilterOptions } from '../certificate-filter.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'
import { refuseExisting, writeStream } from '../write-files.ts'

export interface ExportOptions extends FilterOptions {
  readonly format: ExportFormat
  readonly out?: string
  readonly force?: boolean
}

export async function exportCommand(session: Session, options: ExportOptions): Promise<number> {
  const query = toQuery(options)
  const { out, format } = options
  if (out !== undefined) refuseExisting([out], { force: options.force === true })
  const body = await openExport(await session.connection(), { ...query, format })
  if (out === undefined) return print(session, body)
  const bytes = await writeStream(out, body, options.force === true)
  session.document({ file: out, format, bytes })
  session.print(`${session.paint('green', '✔')} ${clean(out)}`)
  return 0
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
