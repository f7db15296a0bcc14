/**
 * The files of a ZIP archive, one after the other. Nothing is written anywhere, and nothing of it is trusted: not its names, not its
 * sizes, not its number of entries.
 *
 * @module
 */
import { fromRandomAccessReader, type Entry, type ZipFile } from 'yauzl'
import { open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { archiveDamaged, isUnsafe } from './archive.ts'
import { skipped, type Skipped } from './found.ts'
import { createBudget, MAX_FILE_BYTES, type Budget, type Limits } from './limits.ts'
import type { SourceFile } from './pair-files.ts'
import type { Position } from './position.ts'
import { ZipReader } from './zip-reader.ts'

const UNIX_TYPE = 0o170000
const UNIX_LINK = 0o120000
const ENCRYPTED = 1
const STORED = 0
const DEFLATED = 8

const openZip = promisify(fromRandomAccessReader) as (reader: ZipReader, size: number, options: object) => Promise<ZipFile>

export async function* readZip(path: string, position: Position, limits?: Limits): AsyncGenerator<SourceFile | Skipped> {
  const file = await open(path)
  const budget = createBudget(path, limits)
  try {
    // Names are decoded here, so that a bad one is an entry that is skipped and not the end of the archive.
    const zip = await openZip(new ZipReader(file), (await file.stat()).size, {
      lazyEntries: true,
      autoClose: false,
      decodeStrings: false,
    })
    position.total = zip.entryCount
    for await (const entry of entriesOf(zip)) {
      position.done += 1
      budget.addFile()
      const read = await readEntry(zip, entry, budget)
      if (read !== null) yield read
    }
  } catch (error) {
    throw archiveDamaged(path, error)
  } finally {
    await file.close()
  }
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | null>((resolve, reject) => {
      const settle = (action: () => void): void => {
        zip.off('entry', onEntry).off('end', onEnd).off('error', onError)
        action()
      }
      const onEntry = (found: Entry): void => settle(() => resolve(found))
      const onEnd = (): void => settle(() => resolve(null))
      const onError = (error: Error): void => settle(() => reject(error))
      zip.on('entry', onEntry).on('end', onEnd).on('error', onError)
      zip.readEntry()
    })
    if (entry === null) return
    yield entry
  }
}

async function readEntry(zip: ZipFile, entry: Entry, budget: Budget): Promise<SourceFile | Skipped | null> {
  const path = (entry.fileName as unknown as Buffer).toString('utf8')
  if (path.endsWith('/')) return null
  if (isUnsafe(path)) return skipped(path, 'unsafePath')
  if (((entry.externalFileAttributes >>> 16) & UNIX_TYPE) === UNIX_LINK) return skipped(path, 'link')
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) return skipped(path, 'encrypted')
  if (entry.uncompressedSize > MAX_FILE_BYTES) return skipped(path, 'tooLarge')
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) return skipped(path, 'unreadable')
  return { kind: 'file', path, text: await readContent(zip, entry, budget) }
}

/** What the entry says of its size is checked against what comes out. What holds nothing needs no look: it costs a hundred times its place. */
async function readContent(zip: ZipFile, entry: Entry, budget: Budget): Promise<string> {
  if (entry.compressedSize === 0 && entry.uncompressedSize === 0) return ''
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => (error === null ? resolve(opened) : reject(error)))
  })
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    budget.addBytes(chunk.length)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
