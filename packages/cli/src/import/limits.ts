/**
 * How much is read of what others made: an archive may be hostile.
 *
 * @module
 */
import { failure } from '../failure.ts'

/** The longest file that can be a certificate or key, as the service takes it. */
export const MAX_FILE_BYTES = 256 * 1024
/** 100,000 certificates with keys are 200,000 files. */
const MAX_FILES = 400_000
/** After decompression. 100,000 chains with keys are half of it. */
const MAX_TOTAL_BYTES = 1024 * 1024 * 1024

/** Counts what was read of one source. */
export interface Budget {
  /**
   * Of a source that says beforehand how many there are.
   * @throws CliFailure `tooLarge`
   */
  expectFiles(count: number): void
  /** @throws CliFailure `tooLarge` */
  addFile(): void
  /** @throws CliFailure `tooLarge` */
  addBytes(bytes: number): void
}

export interface Limits {
  readonly files: number
  readonly bytes: number
}

export function createBudget(source: string, limits: Limits = { files: MAX_FILES, bytes: MAX_TOTAL_BYTES }): Budget {
  let files = 0
  let bytes = 0
  const expectFiles = (count: number): void => {
    if (count > limits.files) throw tooMuch(source, `more than ${limits.files} files`, `超过 ${limits.files} 个文件`)
  }
  return {
    expectFiles,
    addFile: () => expectFiles((files += 1)),
    addBytes: (more) => {
      bytes += more
      if (bytes > limits.bytes)
        throw tooMuch(source, `more than ${limits.bytes} bytes when unpacked`, `解压后超过 ${limits.bytes} 字节`)
    },
  }
}

function tooMuch(source: string, en: string, zh: string): Error {
  return failure('tooLarge', `Reading ${source}: it holds ${en}: split it, and upload the parts one after the other.`, {
    title: 'There is too much in it',
    cause: { en: `${source} holds ${en}.`, zh: `${source} ${zh}。` },
    remedy: { en: 'Split it, and upload the parts one after the other.', zh: '请拆分后分批上传。' },
  })
}
