/**
 * `evercert export`: the filtered list as a file, written while it comes.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { link, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ExportFormat } from '@evercert/contract'
import { openExport } from '@evercert/contract/client'
import { toQuery, type FilterOptions } from '../certificate-filter.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'
import { refuseExisting, toWriteFailure } from '../write-files.ts'

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
  const bytes = await writeWhole(body, out, options.force === true)
  session.document({ file: out, format, bytes })
  session.print(`${session.paint('green', '✔')} ${clean(out)}`)
  return 0
}

async function print({ shell }: Session, body: ReadableStream<Uint8Array>): Promise<number> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for await (const chunk of body) shell.stdout.write(decoder.decode(chunk, { stream: true }))
  return 0
}

/** Under another name until it is whole: what breaks off leaves no file that looks complete. */
export async function writeWhole(body: ReadableStream<Uint8Array>, path: string, force: boolean): Promise<number> {
  const fresh = join(dirname(path), `.evercert-${randomBytes(6).toString('hex')}`)
  const file = createWriteStream(fresh, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline(Readable.from(body), file)
    await (force ? rename(fresh, path) : link(fresh, path)) // a link never replaces what appeared meanwhile
    return file.bytesWritten
  } catch (error) {
    throw toWriteFailure(path, error)
  } finally {
    await rm(fresh, { force: true })
  }
}
