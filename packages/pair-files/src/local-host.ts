/**
 * This machine as a host.
 *
 * @module
 */
import { Acls, type AclTools } from './acl.ts'
import { runCommand } from './command.ts'
import { giveRights } from './folder-rights.ts'
import { hasCode, type FolderRights, type FoundFile, type Host } from './host.ts'
import {
  byNumber,
  chmod,
  chown,
  link,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  symlink,
  withOpen,
} from './local-files.ts'

export function createLocalHost(tools: AclTools): Host {
  const acls = new Acls(tools)
  return {
    ...LOCAL,
    createFile: (path, file) => createFile(acls, path, file),
    createFolder: (path, rights) => createFolder(acls, path, rights),
    lookAtAcl: (path) => acls.lookAt(path),
    dropDefaultAcl: (path) => acls.dropDefault(path),
  }
}

const LOCAL = {
  name: 'this machine',
  isRemote: false,
  stat: async (path) => {
    const stats = await stat(path)
    return {
      isFile: stats.isFile(),
      sizeBytes: stats.size,
      mode: stats.mode & 0o777,
      uid: stats.uid,
      gid: stats.gid,
      modifiedMs: stats.mtimeMs,
    }
  },
  readFile: (path) => readFile(path),
  removeFile: (path) => rm(path, { force: true }),
  removeFolder: (path) => rmdir(path),
  removeTree: (path) => rm(path, { recursive: true, force: true }),
  rename,
  symlink: (target, path) => symlink(target, path),
  hardLink: link,
  findLinkTarget,
  list: (path) => readdir(path),
  realPath: (path) => realpath(path),
  flushFolder,
  freeSpace: async (path) => {
    const { bsize, bavail, files, ffree } = await statfs(path)
    return { blockBytes: bsize, freeBytes: bavail * bsize, freeFiles: files === 0 ? null : ffree }
  },
  run: runCommand,
  close: () => Promise.resolve(),
} satisfies Omit<Host, 'createFile' | 'createFolder' | 'lookAtAcl' | 'dropDefaultAcl'>

export const localHost = createLocalHost({ getfacl: '/usr/bin/getfacl', setfacl: '/usr/bin/setfacl' })

async function createFile(acls: Acls, path: string, file: FoundFile): Promise<void> {
  await withOpen(path, { flags: 'wx', mode: 0o600 }, async (opened) => {
    await byNumber.write(opened, file.bytes)
    const own = await byNumber.stat(opened)
    const { uid, gid } = { uid: file.uid ?? own.uid, gid: file.gid ?? own.gid }
    if (uid !== own.uid || gid !== own.gid) await byNumber.chown(opened, uid, gid)
    // Of an ACL the mode tells the mask, which is not the group's right.
    await byNumber.chmod(opened, typeof file.acl === 'string' ? file.mode & 0o700 : file.mode)
    await byNumber.flush(opened)
  })
  if (typeof file.acl === 'string') await acls.set(path, file.acl)
}

async function createFolder(acls: Acls, path: string, rights?: FolderRights): Promise<void> {
  await mkdir(path, { mode: rights === undefined ? 0o755 : 0o700 })
  if (rights === undefined) return
  await giveRights({ stat: LOCAL.stat, chown, chmod, setAcl: (of, acl) => acls.set(of, acl) }, path, rights)
}

async function findLinkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'EINVAL')) return null
    throw error
  }
}

async function flushFolder(path: string): Promise<void> {
  await withOpen(path, { flags: 'r' }, byNumber.flush)
}
