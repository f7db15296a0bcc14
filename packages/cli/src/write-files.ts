/**
 * Files that the command writes: never over what is there unless that is wanted, and with the mode they have from their first byte.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { failure } from './failure.ts'

export interface FileToWrite {
  readonly path: string
  readonly bytes: Uint8Array
}

export interface WriteOptions {
  /** Of the files; folders that are made can be entered by whoever may read the files. */
  readonly secret: boolean
  readonly force: boolean
}

/** @throws CliFailure `conflict` naming the first that is there, unless `force` */
export function refuseExisting(paths: readonly string[], { force }: Pick<WriteOptions, 'force'>): void {
  const taken = force ? undefined : paths.find((path) => existsSync(path))
  if (taken !== undefined) throw fileExists(taken)
}

/** Writes each; with `force` a file is replaced at once, so that nobody reads half of it. @throws CliFailure `conflict`, `invalid` */
export async function writeFiles(files: readonly FileToWrite[], options: WriteOptions): Promise<void> {
  refuseExisting(
    files.map(({ path }) => path),
    options,
  )
  for (const file of files) {
    await orFailure(file.path, makeFolder(dirname(file.path), options))
    await orFailure(file.path, writeOne(file, options))
  }
}

async function makeFolder(folder: string, { secret }: WriteOptions): Promise<void> {
  if (!existsSync(folder)) await mkdir(folder, { recursive: true, mode: secret ? 0o700 : 0o777 })
}

async function orFailure(path: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw toWriteFailure(path, error)
  }
}

async function writeOne({ path, bytes }: FileToWrite, { secret, force }: WriteOptions): Promise<void> {
  const asNew = { flag: 'wx', mode: secret ? 0o600 : 0o644 }
  if (!force) return writeFile(path, bytes, asNew)
  const fresh = join(dirname(path), `.evercert-${randomBytes(6).toString('hex')}`)
  try {
    await writeFile(fresh, bytes, asNew)
    await rename(fresh, path)
  } finally {
    await rm(fresh, { force: true })
  }
}

/**
 * Writes what comes, for its owner alone, and under another name until it is whole: what breaks off leaves no file that looks complete.
 *
 * @returns bytes written. @throws CliFailure `conflict`, `invalid`; what reading the source throws
 */
export async function writeStream(path: string, source: ReadableStream<Uint8Array>, force: boolean): Promise<number> {
  const fresh = join(dirname(path), `.evercert-${randomBytes(6).toString('hex')}`)
  const file = createWriteStream(fresh, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline(Readable.from(source), file)
    await (force ? rename(fresh, path) : link(fresh, path)) // a link never replaces what appeared meanwhile
    return file.bytesWritten
  } catch (error) {
    throw toWriteFailure(path, error)
  } finally {
    await rm(fresh, { force: true })
  }
}

/** What the file system said, as a failure of the command. */
function toWriteFailure(path: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error
  const code = String(error.code)
  if (code === 'EEXIST') return fileExists(path)
  return failure('invalid', `Writing ${path}: it cannot be written (${code}): check the path.`, {
    title: 'The file cannot be written',
    cause: { en: `The file ${path} cannot be written (${code}).`, zh: `无法写入文件 ${path}（${code}）。` },
    remedy: { en: 'Check the path, the permissions and the space left.', zh: '请检查路径、权限和剩余空间。' },
  })
}

function fileExists(path: string): Error {
  return failure('conflict', `Writing ${path}: it is there already: choose another path, or overwrite it with --force.`, {
    title: 'The file is there already',
    cause: { en: `The file ${path} is there already.`, zh: `文件 ${path} 已存在。` },
    remedy: {
      en: 'Choose another path with --out, or overwrite it with --force.',
      zh: '请用 --out 指定其他路径，或用 --force 覆盖。',
    },
    facts: { path },
  })
}
