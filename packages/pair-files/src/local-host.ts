/**
 * This machine as a host.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  link,
  mkdir,
  open,
  readFile,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  statfs,
  symlink,
} from 'node:fs/promises'
import { runCommand } from './command.ts'
import { hasCode, type FoundFile, type Host } from './host.ts'

/** Of the package `acl`. */
export interface AclTools {
  readonly getfacl: string
  readonly setfacl: string
}

export function createLocalHost(tools: AclTools): Host {
  return { ...LOCAL, createFile: (path, file) => createFile(tools, path, file), ...aclOf(tools) }
}

const LOCAL = {
  name: 'this machine',
  isRemote: false,
  stat: async (path) => {
    const stats = await stat(path)
    return { isFile: stats.isFile(), sizeBytes: stats.size, mode: stats.mode & 0o777, uid: stats.uid, gid: stats.gid }
  },
  readFile: (path) => readFile(path),
  createFolder: (path) => mkdir(path, { mode: 0o755 }),
  removeFile: (path) => rm(path, { force: true }),
  removeFolder: (path) => rmdir(path),
  removeTree: (path) => rm(path, { recursive: true, force: true }),
  rename,
  symlink,
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
} satisfies Omit<Host, 'createFile' | 'lookAtAcl'>

export const localHost = createLocalHost({ getfacl: '/usr/bin/getfacl', setfacl: '/usr/bin/setfacl' })

function aclOf(tools: AclTools): Pick<Host, 'lookAtAcl'> {
  return {
    lookAtAcl: (path) => {
      // Asked each time: who is warned installs them, and need not start the service anew.
      const areThere = existsSync(tools.getfacl) && existsSync(tools.setfacl)
      return Promise.resolve({
        acl: areThere ? findAcl(tools, path) : null,
        loss: !areThere && hasAcl(path) ? 'lost' : null,
      })
    },
  }
}

async function createFile(tools: AclTools, path: string, file: FoundFile): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(file.bytes)
    const own = await handle.stat()
    const { uid, gid } = { uid: file.uid ?? own.uid, gid: file.gid ?? own.gid }
    if (uid !== own.uid || gid !== own.gid) await handle.chown(uid, gid)
    await handle.chmod(file.mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (typeof file.acl === 'string') setAcl(tools, path, file.acl)
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
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function findAcl({ getfacl }: AclTools, path: string): string | null {
  const { status, stdout } = spawnSync(getfacl, ['--skip-base', '--omit-header', '--absolute-names', '--numeric', path], {
    encoding: 'utf8',
  })
  return status === 0 && stdout.trim() !== '' ? stdout : null
}

/** `ls` marks such a file without those tools (POSIX: one more character after the mode). */
function hasAcl(path: string): boolean {
  const { status, stdout } = spawnSync('ls', ['-ldL', '--', path], { encoding: 'utf8' })
  return status === 0 && stdout.charAt(10) === '+'
}

function setAcl({ setfacl }: AclTools, path: string, acl: string): void {
  const { status, stderr } = spawnSync(setfacl, ['--set-file=-', path], { input: acl, encoding: 'utf8' })
  if (status === 0) return
  throw Object.assign(new Error(`setfacl: ${stderr.trim()}`), { code: 'EPERM', syscall: 'setfacl', path })
}
