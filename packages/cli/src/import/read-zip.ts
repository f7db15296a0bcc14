/**
 * The files of a ZIP archive, one after the other. Nothing is written anywhere, and nothing of it is trusted: not its names, not its
 * sizes, not its number of entries.
 *
 * @module
 */
import { fromRandomAccessReader, type Entry, type ZipFile } from 'yauzl'
import { open } from 'node:fs/promises'
import { setImmediate as otherWork } from 'node:timers/promises'
import { promisify } from 'node:util'
import { inflateRawSync } from 'node:zlib'
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
/** A file that cannot be made smaller grows by a few bytes for each block. */
const MAX_PACKED_BYTES = MAX_FILE_BYTES + 1024
/** Entries may all lead to one place, which is in memory: reading them waits for nothing, and would let nothing else happen. */
const ENTRIES_AT_A_TIME = 32

interface Archive {
  readonly zip: ZipFile
  readonly reader: ZipReader
}

const openZip = promisify(fromRandomAccessReader) as (reader: ZipReader, size: number, options: object) => Promise<ZipFile>

export async function* readZip(path: string, position: Position, limits?: Limits): AsyncGenerator<SourceFile | Skipped> {
  const file = await open(path)
  const budget = createBudget(path, limits)
  try {
    // Names are decoded here, so that a bad one is an entry that is skipped and not the end of the archive.
    const reader = new ZipReader(file)
    const zip = await openZip(reader, (await file.stat()).size, {
      lazyEntries: true,
      autoClose: false,
      decodeStrings: false,
    })
    position.total = zip.entryCount
    budget.expectFiles(zip.entryCount)
    for await (const entry of entriesOf(zip)) {
      position.done += 1
      budget.addFile()
      if (position.done % ENTRIES_AT_A_TIME === 0) await otherWork()
      const read = await readEntry({ zip, reader }, entry, budget)
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

async function readEntry(archive: Archive, entry: Entry, budget: Budget): Promise<SourceFile | Skipped | null> {
  const path = (entry.fileName as unknown as Buffer).toString('utf8')
  if (path.endsWith('/')) return null
  if (isUnsafe(path)) return skipped(path, 'unsafePath')
  if (((entry.externalFileAttributes >>> 16) & UNIX_TYPE) === UNIX_LINK) return skipped(path, 'link')
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) return skipped(path, 'encrypted')
  if (entry.uncompressedSize > MAX_FILE_BYTES || entry.compressedSize > MAX_PACKED_BYTES) return skipped(path, 'tooLarge')
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) return skipped(path, 'unreadable')
  return { kind: 'file', path, text: await readContent(archive, entry, budget) }
}

/**
 * What the entry says of its size is checked against what comes out. It is unpacked in one call: a stream for each costs ten times as much as
 * what is in it, and there may be hundreds of thousands.
 */
async function readContent({ zip, reader }: Archive, entry: Entry, budget: Budget): Promise<string> {
  const { compressedSize, uncompressedSize, compressionMethod } = entry
  if (compressedSize === 0 && uncompressedSize === 0) return ''
  const { fileDataStart } = await locate(zip, entry)
  const packed = await reader.take(fileDataStart, compressedSize)
  if (packed.length < compressedSize) throw new Error('unexpected EOF')
  const content = compressionMethod === STORED ? packed : inflateRawSync(packed, { maxOutputLength: uncompressedSize + 1 })
  budget.addBytes(content.length)
  if (content.length !== uncompressedSize) throw new Error('an entry is not as long as it says')
  return content.toString('utf8')
}

function locate(zip: ZipFile, entry: Entry): Promise<{ fileDataStart: number }> {
  return new Promise((resolve, reject) => {
    zip.readLocalFileHeader(entry, { minimal: true }, (error, header) => (error === null ? resolve(header) : reject(error)))
  })
}
