/**
 * Another machine as a host: files over SFTP, commands over exec. Everything that it needs of the server is SFTP (with OpenSSH's
 * posix-rename, hardlink, fsync and statvfs) and the two commands of the target, literally: a forced command can allow just these. `getfacl` and `setfacl` are
 * tried for ACLs.
 *
 * Folders cannot be flushed over SFTP: after a power cut in the moments after a swap, the server may come up with the previous pair,
 * whole.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { Attributes, ClientChannel, SFTPWrapper, Stats } from 'ssh2'
import { AppError } from '../../../domain/errors.ts'
import type { AdapterKit } from '../../../ports/kit.ts'
import { collectOutput, type CommandResult } from '@evercert/pair-files/command'
import { giveRights } from '@evercert/pair-files/folder-rights'
import { findOrNull, hasCode, type FoundFile, type Host } from '@evercert/pair-files/host'
import { createTurns } from '@evercert/pair-files/turns'
import { connectSsh, unreachable, type SshConnection } from './connect.ts'
import { createSshAcl, type RunThere } from './ssh-acl.ts'
import type { SshSettings } from './ssh-settings.ts'

interface Shared {
  readonly host: Promise<Host>
  users: number
}

/** One connection for all who deploy there at the same time, by what they sign in with. */
const shared = new Map<string, Shared>()

/** @throws AppError as {@link connectSsh} */
export async function openSshHost(settings: SshSettings, kit: AdapterKit): Promise<Host> {
  const key = createHash('sha256').update(JSON.stringify(settings)).digest('hex')
  const known = shared.get(key)
  const own: Shared = known ?? { host: connect(settings, kit, () => forget(own)), users: 0 }
  const forget = (one: Shared): void => {
    if (shared.get(key) === one) shared.delete(key)
  }
  shared.set(key, own)
  own.users += 1
  const leave = async (): Promise<void> => {
    own.users -= 1
    if (own.users > 0) return
    forget(own)
    await own.host.then((host) => host.close()).catch(() => {}) // it never opened
  }
  try {
    return { ...(await own.host), close: leave }
  } catch (error) {
    await leave()
    throw error
  }
}

async function connect(settings: SshSettings, kit: AdapterKit, onLost: () => void): Promise<Host> {
  const connection = await connectSsh(settings, kit)
  connection.lost.catch(onLost)
  return createSshHost(nameOfSshHost(settings), connection)
}

export function nameOfSshHost({ user, host, port }: SshSettings): string {
  return `${user}@${host}:${port}`
}

type Done<Value> = (error: Error | null | undefined, value?: Value) => void
type Call = <Value = void>(syscall: string, path: string, start: (sftp: SFTPWrapper, done: Done<Value>) => void) => Promise<Value>

function createSshHost(name: string, connection: SshConnection): Host {
  const call = createCall(name, connection)
  const lstat = (path: string) => call<Stats>('lstat', path, (sftp, done) => sftp.lstat(path, done))
  const unlink = (path: string) => call('unlink', path, (sftp, done) => sftp.unlink(path, done))
  const list = (path: string) =>
    call<{ filename: string }[]>('readdir', path, (sftp, done) => sftp.readdir(path, done)).then((entries) =>
      entries.map(({ filename }) => filename),
    )
  const removeFile = async (path: string) => void (await findOrNull(unlink(path)))
  const atOnce = createTurns(COMMANDS_AT_ONCE)
  const runThere: RunThere = (argv, timeoutMs, input) => atOnce(() => run(connection, argv, { timeoutMs, input }))
  const acl = createSshAcl(runThere)
  const removeFolder = (path: string) => call('rmdir', path, (sftp, done) => sftp.rmdir(path, done))

  const stat: Host['stat'] = async (path) => {
    const stats = await call<Stats>('stat', path, (sftp, done) => sftp.stat(path, done))
    const { size: sizeBytes, mode, uid, gid, mtime } = stats
    return { isFile: stats.isFile(), sizeBytes, mode: mode & 0o777, uid, gid, modifiedMs: mtime * 1_000 }
  }
  const chown = (path: string, uid: number, gid: number) => call('chown', path, (sftp, done) => sftp.chown(path, uid, gid, done))
  const chmod = (path: string, mode: number) => call('chmod', path, (sftp, done) => sftp.chmod(path, mode, done))
  const removeTree: Host['removeTree'] = async (path) => {
    const stats = await findOrNull(lstat(path))
    if (stats?.isDirectory() !== true) return removeFile(path)
    for (const entry of await list(path)) await removeTree(`${path}/${entry}`)
    await removeFolder(path)
  }

  return {
    name,
    isRemote: true,
    stat,
    readFile: (path) => call<Buffer>('read', path, (sftp, done) => sftp.readFile(path, done)),
    createFile: async (path, file) => {
      await createFile(call, path, file)
      if (typeof file.acl === 'string') await acl.set(path, file.acl)
    },
    createFolder: async (path, rights) => {
      const mode = rights === undefined ? 0o755 : 0o700
      await orExists(lstat, path, () => call('mkdir', path, (sftp, done) => sftp.mkdir(path, { mode } as Attributes, done)))
      if (rights !== undefined) await giveRights({ stat, chown, chmod, setAcl: (of, list) => acl.set(of, list) }, path, rights)
    },
    removeFile,
    removeFolder,
    removeTree,
    rename: (from, to) => call('rename', to, (sftp, done) => sftp.ext_openssh_rename(from, to, done)),
    symlink: (target, path) => call('symlink', path, (sftp, done) => sftp.symlink(target, path, done)),
    hardLink: (existing, path) =>
      orExists(lstat, path, () => call('link', path, (sftp, done) => sftp.ext_openssh_hardlink(existing, path, done))),
    findLinkTarget: async (path) => {
      const stats = await findOrNull(lstat(path))
      if (stats?.isSymbolicLink() !== true) return null
      return call<string>('readlink', path, (sftp, done) => sftp.readlink(path, done))
    },
    list,
    realPath: async (path) => {
      await call<Stats>('stat', path, (sftp, done) => sftp.stat(path, done)) // realpath of a missing path is no error everywhere
      return call<string>('realpath', path, (sftp, done) => sftp.realpath(path, done))
    },
    flushFolder: () => Promise.resolve(),
    freeSpace: async (path) => {
      const space = await call<FileSystem>('statvfs', path, (sftp, done) => sftp.ext_openssh_statvfs(path, done as Done<unknown>))
      const [block, available] = [Number(space.f_frsize), Number(space.f_bavail)]
      return {
        blockBytes: block,
        freeBytes: block * available,
        freeFiles: Number(space.f_files) === 0 ? null : Number(space.f_favail),
      }
    },
    lookAtAcl: (path) => acl.look(path),
    dropDefaultAcl: (path) => acl.dropDefault(path),
    run: runThere,
    close: () => {
      connection.close()
      return Promise.resolve()
    },
  }
}

interface FileSystem {
  readonly f_frsize: number | bigint
  readonly f_bavail: number | bigint
  readonly f_files: number | bigint
  readonly f_favail: number | bigint
}

const ENOENT = 2
const EACCES = 3

/** SFTP's status codes (draft-ietf-secsh-filexfer-02 §7) as the codes of Node. */
function createCall(name: string, { sftp, answered }: SshConnection): Call {
  return async <Value>(syscall: string, path: string, start: (sftp: SFTPWrapper, done: Done<Value>) => void) => {
    const answer = new Promise<Value>((resolve, reject) => {
      const done: Done<Value> = (error, value) => {
        if (error === null || error === undefined) return resolve(value as Value)
        reject(toNodeError(name, { syscall, path }, error))
      }
      try {
        start(sftp, done)
      } catch (cause) {
        reject(
          new AppError('misconfigured', `Deploying to ${name}: its SFTP server cannot ${syscall}: use OpenSSH's.`, { cause }),
        )
      }
    })
    return answered(`${syscall} ${path}`, answer)
  }
}

function toNodeError(name: string, facts: { readonly syscall: string; readonly path: string }, error: Error): Error {
  const code = 'code' in error ? error.code : undefined
  if (typeof code !== 'number') return unreachable(name, error.message)
  const nodeCode = code === ENOENT ? 'ENOENT' : code === EACCES ? 'EACCES' : 'ESFTP'
  return Object.assign(new Error(`${facts.syscall} ${facts.path}: ${error.message}`), { code: nodeCode, ...facts })
}

/** SFTP does not tell why something cannot be made. */
async function orExists(lstat: (path: string) => Promise<unknown>, path: string, make: () => Promise<void>): Promise<void> {
  try {
    await make()
  } catch (error) {
    if (!hasCode(error, 'ESFTP') || (await findOrNull(lstat(path))) === null) throw error
    throw Object.assign(new Error(`${path} is there`), { code: 'EEXIST', syscall: 'link', path })
  }
}

async function createFile(call: Call, path: string, file: FoundFile): Promise<void> {
  const handle = await call<Buffer>('open', path, (sftp, done) => sftp.open(path, 'wx', { mode: 0o600 }, done))
  try {
    const bytes = Buffer.from(file.bytes)
    if (bytes.length > 0) {
      await call('write', path, (sftp, done) => sftp.write(handle, bytes, 0, bytes.length, 0, (error) => done(error)))
    }
    const own = await call<Stats>('fstat', path, (sftp, done) => sftp.fstat(handle, done))
    const { uid, gid } = { uid: file.uid ?? own.uid, gid: file.gid ?? own.gid }
    if (uid !== own.uid || gid !== own.gid) await call('chown', path, (sftp, done) => sftp.fchown(handle, uid, gid, done))
    // Of an ACL the mode tells the mask, which is not the group's right.
    const mode = typeof file.acl === 'string' ? file.mode & 0o700 : file.mode
    await call('chmod', path, (sftp, done) => sftp.fchmod(handle, mode, done))
    await call('fsync', path, (sftp, done) => sftp.ext_openssh_fsync(handle, done))
  } finally {
    await call('close', path, (sftp, done) => sftp.close(handle, done)).catch(() => {}) // the first error tells more
  }
}

/** OpenSSH allows ten sessions in a connection; SFTP is one. */
const COMMANDS_AT_ONCE = 6

interface RunWish {
  readonly timeoutMs: number
  readonly input: string | undefined
}

async function run(
  { client, lost, answered }: SshConnection,
  argv: readonly string[],
  { timeoutMs, input }: RunWish,
): Promise<CommandResult> {
  const channel = new Promise<ClientChannel>((resolve, reject) => {
    client.exec(argv.map(quote).join(' '), (error, stream) => (error === undefined ? resolve(stream) : reject(error)))
  })
  const opened = await answered(
    `exec ${argv[0] ?? ''}`,
    channel.catch((error: Error) => error),
  )
  if (opened instanceof Error) return { ok: false, ending: `could not be started: ${opened.message}`, output: '' }
  const readOutput = collectOutput([opened, opened.stderr])
  if (input !== undefined) opened.end(input)
  const ended = Promise.withResolvers<Omit<CommandResult, 'output'>>()
  let ending: Omit<CommandResult, 'output'> | null = null
  opened.once('exit', (code: number | null, signal?: string) => {
    ending = { ok: code === 0, ending: code === null ? `ended by ${signal ?? 'a signal'}` : `exit code ${code}` }
  })
  opened.once('close', () => {
    if (ending !== null) ended.resolve(ending) // else the connection is lost
  })
  const timer = setTimeout(() => {
    opened.signal('KILL')
    ended.resolve({ ok: false, ending: `no end within ${timeoutMs / 1_000} s, killed` })
  }, timeoutMs)
  try {
    const result = await Promise.race([ended.promise, lost])
    return { ...result, output: readOutput() }
  } finally {
    clearTimeout(timer)
    opened.destroy()
  }
}

/** The server's login shell reads the command: nothing in it may mean anything but itself. */
function quote(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
