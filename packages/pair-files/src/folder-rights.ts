/**
 * Giving a folder the rights of another one.
 *
 * @module
 */
import { hasCode, type FileStats, type FolderRights } from './host.ts'

interface Calls {
  stat(path: string): Promise<FileStats>
  chown(path: string, uid: number, gid: number): Promise<void>
  chmod(path: string, mode: number): Promise<void>
  setAcl(path: string, acl: string): Promise<void>
}

/** Where the host does not let its user give it away: the user's own, and without the group the user's alone. */
export async function giveRights(calls: Calls, path: string, { uid, gid, mode, acl }: FolderRights): Promise<void> {
  const own = await calls.stat(path)
  const isGiven = (own.uid === uid && own.gid === gid) || (await isAllowed(calls.chown(path, uid, gid)))
  const hasGroup = isGiven || own.gid === gid || (await isAllowed(calls.chown(path, own.uid, gid)))
  if (!hasGroup) return calls.chmod(path, 0o700)
  await calls.chmod(path, acl === null ? mode : mode & 0o700)
  if (acl !== null) await calls.setAcl(path, acl)
}

async function isAllowed(done: Promise<void>): Promise<boolean> {
  try {
    await done
    return true
  } catch (error) {
    if (hasCode(error, 'EPERM') || hasCode(error, 'EACCES')) return false
    throw error
  }
}
