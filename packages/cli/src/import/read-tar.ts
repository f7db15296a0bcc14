/**
 * The files of a tar archive, plain or gzipped, one after the other. Nothing is written anywhere; links and devices are never followed.
 *
 * @module
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { archiveDamaged, isUnsafe } from './archive.ts'
import { skipped, type Skipped } from './found.ts'
import { createBudget, MAX_FILE_BYTES, type Budget, type Limits } from './limits.ts'
import type { SourceFile } from './pair-files.ts'
import type { Position } from './position.ts'

export async function* readTar(path: string, position: Position, limits?: Limits): AsyncGenerator<SourceFile | Skipped> {
  const budget = createBudget(path, limits)
  const guard = new Guard(budget)
  const tar = extract()
  const file = createReadStream(path)
  position.total = (await stat(path)).size
  const stages = path.endsWith('.tar') ? [guard, tar] : [createGunzip(), guard, tar]
  // Its failure destroys the archive's stream, where the loop meets it.
  const piping = pipeline([file, ...stages]).catch((error: unknown) => {
    tar.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  try {
    for await (const entry of tar) {
      budget.addFile()
      position.done = file.bytesRead
      const read = await readEntry(entry.header, entry as AsyncIterable<Buffer>)
      if (read !== null) yield read
    }
    await piping
    if (position.total === 0) throw new Error('it is empty')
  } catch (error) {
    throw archiveDamaged(path, guard.failure ?? error)
  } finally {
    tar.destroy()
  }
}

/** Counts what was unpacked. The library itself bounds what it keeps of headers. */
class Guard extends Transform {
  /** Why it stopped; streams after it say only that something did. */
  failure: Error | null = null
  readonly #budget: Budget

  constructor(budget: Budget) {
    super()
    this.#budget = budget
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: Error | null, chunk?: Buffer) => void): void {
    try {
      this.#budget.addBytes(chunk.length)
      done(null, chunk)
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error))
      done(this.failure)
    }
  }
}

async function readEntry(header: Header, content: AsyncIterable<Buffer>): Promise<SourceFile | Skipped | null> {
  const { name: path, type } = header
  const refusal = refuse(header)
  const chunks: Buffer[] = []
  for await (const chunk of content) if (refusal === null) chunks.push(chunk)
  if (refusal !== null) return refusal
  if (type === 'directory') return null
  return { kind: 'file', path, text: Buffer.concat(chunks).toString('utf8') }
}

function refuse({ name: path, type, size }: Header): Skipped | null {
  if (type === 'directory') return null
  if (isUnsafe(path)) return skipped(path, 'unsafePath')
  if (type === 'symlink' || type === 'link') return skipped(path, 'link')
  if (type !== 'file' && type !== 'contiguous-file') return skipped(path, 'unreadable')
  return (size ?? 0) > MAX_FILE_BYTES ? skipped(path, 'tooLarge') : null
}
