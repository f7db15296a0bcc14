/**
 * What `--from` names: a folder, a ZIP archive or a tar archive.
 *
 * @module
 */
import { stat } from 'node:fs/promises'
import { wrongUsage } from '../failure.ts'
import type { Item } from './found.ts'
import { pairFiles } from './pair-files.ts'
import type { Position } from './position.ts'
import { readFolder } from './read-folder.ts'

/** @throws CliFailure `invalid` when there is nothing of these kinds at the path */
export async function openSource(path: string, position: Position): Promise<AsyncIterable<Item>> {
  const info = await stat(path).catch(() => null)
  if (info?.isDirectory()) return pairFiles(readFolder(path, position))
  if (info?.isFile() && /\.zip$/i.test(path)) return pairFiles((await import('./read-zip.ts')).readZip(path, position))
  if (info?.isFile() && /\.(tar|tar\.gz|tgz)$/i.test(path))
    return pairFiles((await import('./read-tar.ts')).readTar(path, position))
  throw wrongUsage('invalid', `Reading --from: ${path} is no folder, .zip, .tar.gz or .tar: check the path.`, {
    cause: {
      en: `There is no folder or archive at ${path}.`,
      zh: `${path} 处没有文件夹或压缩包。`,
    },
    remedy: {
      en: 'Give a folder, or an archive that ends in .zip, .tar.gz, .tgz or .tar.',
      zh: '请指定文件夹，或 .zip、.tar.gz、.tgz、.tar 压缩包。',
    },
  })
}
