/**
 * What holds of every archive: unsafe paths, and one that cannot be read.
 *
 * @module
 */
import { CliFailure, failure } from '../failure.ts'

/** Whether a path in an archive leads out of the folder into which one would unpack it: absolute, with a drive, or up. */
export function isUnsafe(path: string): boolean {
  return path === '' || path.includes('\0') || /^([/\\]|[a-z]:)/i.test(path) || path.split(/[/\\]/).some((part) => part === '..')
}

/** Failures of our own stay as they are. */
export function archiveDamaged(path: string, cause: unknown): Error {
  if (cause instanceof CliFailure) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return failure('invalid', `Reading ${path}: the archive is damaged or of another kind (${why}): make it anew.`, {
    title: 'The archive cannot be read',
    cause: {
      en: `${path} is damaged, or is no archive of its kind (${why}).`,
      zh: `${path} 已损坏或不是该类型的压缩包（${why}）。`,
    },
    remedy: { en: 'Make the archive anew, as .zip, .tar.gz or .tar.', zh: '请重新制作 .zip、.tar.gz 或 .tar 压缩包。' },
  })
}
