/**
 * Owner, group, mode and ACL of the files to write: those of the files that are there, so that the server can still read them.
 *
 * @module
 */
import { dirname } from 'node:path/posix'
import type { FoundAcl, FoundFile, Host } from './host.ts'
import type { Layout, LayoutFile } from './layout.ts'
import type { FoundPair } from './pair.ts'

type Rights = Omit<FoundFile, 'bytes'>

export interface FileRights {
  /** Of the new file. */
  readonly wanted: Rights
  /** Of the copy of the one that is there. */
  readonly kept: Rights
  /** The one that is there has, or may have, an ACL that the new one will not have. */
  readonly aclLoss: FoundAcl['loss']
}

const PUBLIC_MODE = 0o644
const SECRET_MODE = 0o600
/** Nobody is asked: who writes a file owns it. */
const WRITER = { uid: null, gid: null }

/** By the name within a version; notes are like the first file that is not secret, or public. */
export async function rightsFor(host: Host, layout: Layout, found: FoundPair): Promise<Readonly<Record<string, FileRights>>> {
  const rights: Record<string, FileRights> = {}
  for (const file of layout.files) rights[file.name] = await rightsOf(host, layout, file, found.files[file.name] ?? null)
  for (const name of layout.notes)
    rights[name] = { wanted: { ...WRITER, mode: PUBLIC_MODE }, kept: { ...WRITER, mode: PUBLIC_MODE }, aclLoss: null }
  return rights
}

async function rightsOf(host: Host, layout: Layout, file: LayoutFile, found: FoundFile | null): Promise<FileRights> {
  if (found === null) {
    const mode = toMode(file.mode) ?? (file.isSecret ? SECRET_MODE : PUBLIC_MODE)
    return { wanted: { ...WRITER, mode }, kept: { ...WRITER, mode }, aclLoss: null }
  }
  const shutOut = file.isSecret ? await bitsShutOutByFolder(host, layout, file) : 0
  const { acl, loss } = shutOut === 0 ? await host.lookAtAcl(file.path) : { acl: null, loss: null }
  const kept = { uid: found.uid, gid: found.gid, mode: found.mode & ~shutOut, acl }
  return { kept, aclLoss: loss, wanted: { ...kept, mode: toMode(file.mode) ?? kept.mode } }
}

/**
 * The key moves into a folder beside the certificate. If its own folder kept people out (as `/etc/ssl/private` does), the file must
 * do so from now on.
 */
async function bitsShutOutByFolder(host: Host, { files: [first] }: Layout, file: LayoutFile): Promise<number> {
  if (dirname(first.path) === dirname(file.path)) return 0
  const { mode } = await host.stat(dirname(file.path))
  return ((mode & 0o010) === 0 ? 0o070 : 0) | ((mode & 0o001) === 0 ? 0o007 : 0)
}

function toMode(octal: string | undefined): number | undefined {
  return octal === undefined ? undefined : Number.parseInt(octal, 8)
}
