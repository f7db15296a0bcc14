/**
 * The folders on the way to a key that let not everybody through: those on the way to the certificate are not among them, for the new key lies there too.
 *
 * @module
 */
import { basename, dirname } from 'node:path/posix'
import type { FolderRights, FoundAcl, Host } from './host.ts'
import type { Layout, LayoutFile } from './layout.ts'

export interface Folder {
  readonly path: string
  readonly rights: FolderRights
  /** There is, or may be, an ACL besides. */
  readonly loss: FoundAcl['loss']
}

interface Key {
  readonly layout: Layout
  readonly file: LayoutFile
  readonly isThere: boolean
}

/** Within a version, around a key: with the rights of a folder of its path, made anew each time. */
const OF_PATH = 'shut-'
/** With those of a folder to which a link led when the path was adopted. */
const OF_LINK = 'shut-link-'

/** @param store where the versions are kept */
export async function foldersOfKey(
  host: Host,
  { layout, file, isThere, store }: Key & { readonly store: string },
): Promise<readonly Folder[]> {
  const certificate = await host.realPath(dirname(layout.files[0].path))
  const near = ancestorsOf(await host.realPath(dirname(file.path)))
  const real = isThere ? ancestorsOf(dirname(await host.realPath(file.path))) : []
  const far = real.filter((path) => (isWithin(path, store) ? basename(path).startsWith(OF_LINK) : !near.includes(path)))
  const isElsewhere = (path: string) => !isWithin(certificate, path)
  return [
    ...(await shutOnes(host, near.filter(isElsewhere), OF_PATH)),
    ...(await shutOnes(host, far.filter(isElsewhere), OF_LINK)),
  ]
}

/** Those on the way to the certificate alone that let not everybody through: a link to the new key leads through them. */
export async function foldersOfCertificate(host: Host, { layout, file, isThere }: Key): Promise<readonly Folder[]> {
  if (!isThere) return []
  const certificate = ancestorsOf(await host.realPath(dirname(layout.files[0].path)))
  const key = dirname(await host.realPath(file.path))
  return shutOnes(
    host,
    certificate.filter((path) => !isWithin(key, path)),
    OF_PATH,
  )
}

async function shutOnes(host: Host, paths: readonly string[], prefix: string): Promise<readonly Folder[]> {
  const folders: Folder[] = []
  for (const path of paths) {
    const { mode, uid, gid } = await host.stat(path)
    const { acl: all, loss } = await host.lookAtAcl(path)
    const acl = accessAcl(all)
    if (acl === null && loss !== 'lost' && (mode & 0o011) === 0o011) continue
    const rights = { name: `${prefix}${folders.length}`, uid, gid, acl, mode: 0o700 | (mode & 0o011) }
    folders.push({ path, loss, rights })
  }
  return folders
}

/** Without what a folder passes on; null when the mode says as much. */
function accessAcl(acl: string | null): string | null {
  const lines = (acl ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('default:'))
  return lines.some((line) => /^(mask:|(user|group):[^:]+:)/.test(line)) ? `${lines.join('\n')}\n` : null
}

/** The folder itself last. */
function ancestorsOf(folder: string): readonly string[] {
  return folder === '/' ? ['/'] : [...ancestorsOf(dirname(folder)), folder]
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}
