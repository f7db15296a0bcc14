/**
 * Owner, group, mode and ACL of the files to write: those of the files that are there, so that the server can still read them, and nobody
 * who could not.
 *
 * @module
 */
import { join } from 'node:path/posix'
import type { FolderRights, FoundAcl, FoundFile, Host } from './host.ts'
import { foldersOfCertificate, foldersOfKey, type Folder } from './key-folders.ts'
import type { Layout, LayoutFile } from './layout.ts'
import type { FoundPair } from './pair.ts'

type Rights = Omit<FoundFile, 'bytes'>

export interface FileRights {
  /** Of the new file. */
  readonly wanted: Rights
  /** Of the copy of the one that is there. */
  readonly kept: Rights
  readonly losses: readonly Loss[]
}

export interface Loss {
  readonly path: string
  /** `lost`, `unknown`: what is there has, or may have, an ACL that is not kept. `keptOut`: a folder of the certificate does not let in all who could read the key. */
  readonly kind: NonNullable<FoundAcl['loss']> | 'keptOut'
}

const PUBLIC_MODE = 0o644
const SECRET_MODE = 0o600
const OWNER_ALONE = 0o700
/** Nobody is asked: who writes a file owns it. */
const WRITER = { uid: null, gid: null }

interface Place {
  readonly layout: Layout
  /** Where the versions are kept. */
  readonly store: string
}

/** By the name within a version; notes are like the first file that is not secret, or public. */
export async function rightsFor(host: Host, place: Place, found: FoundPair): Promise<Readonly<Record<string, FileRights>>> {
  const { layout, store } = place
  const inherited = await stopInheritance(host, store)
  const rights: Record<string, FileRights> = {}
  for (const file of layout.files) {
    const own = found.files[file.name] ?? null
    rights[file.name] = file.isSecret
      ? await rightsOfSecret(host, place, { file, found: own, inherited })
      : await rightsOf(host, file, own)
  }
  for (const name of layout.notes) {
    const note = { ...WRITER, mode: PUBLIC_MODE }
    rights[name] = { wanted: note, kept: note, losses: [] }
  }
  return rights
}

/** A folder passes its default ACL on to what is made in it: to the store's, and so to each key. */
async function stopInheritance(host: Host, store: string): Promise<FoundAcl['loss']> {
  const { acl, loss } = await host.lookAtAcl(store)
  if (acl !== null && /^default:/m.test(acl)) await host.dropDefaultAcl(store)
  return loss
}

async function rightsOf(host: Host, file: LayoutFile, found: FoundFile | null): Promise<FileRights> {
  const given = toMode(file.mode)
  if (found === null) {
    const own = { ...WRITER, mode: given ?? PUBLIC_MODE }
    return { wanted: own, kept: own, losses: [] }
  }
  const { acl, loss } = await host.lookAtAcl(file.path)
  const kept = { uid: found.uid, gid: found.gid, mode: found.mode, acl }
  return { kept, wanted: { ...kept, mode: given ?? kept.mode }, losses: loss === null ? [] : [{ path: file.path, kind: loss }] }
}

interface Secret {
  readonly file: LayoutFile
  readonly found: FoundFile | null
  /** Whether the store's folder has, or may have, an ACL that nobody can take from it. */
  readonly inherited: FoundAcl['loss']
}

/** What is given in the settings says who may read it; of what nobody can tell, only the owner keeps a right. */
async function rightsOfSecret(host: Host, { layout, store }: Place, secret: Secret): Promise<FileRights> {
  const { file, found } = secret
  const { old, losses } = await rightsBefore(host, store, secret)
  const given = toMode(file.mode)
  const key = { layout, file, isThere: found !== null }
  const folders = await foldersOfKey(host, { ...key, store })
  const kept = shutIn(old, folders.map(narrow))
  const wanted = given === undefined ? kept : shutIn({ ...old, mode: given }, folders.map(trust))
  const untold = folders.flatMap(({ path, loss }) => (loss === null || isOwnersAlone(old) ? [] : [{ path, kind: loss }]))
  const passed = [{ ...old, mode: old.mode >> 2 }, ...folders.map(narrow)]
  const keptOut = (await foldersOfCertificate(host, key))
    .filter(({ rights }) => !passed.some((before) => letsInAllOf(rights, before)))
    .map(({ path }) => ({ path, kind: 'keptOut' as const }))
  return { kept, wanted, losses: [...losses, ...untold, ...keptOut] }
}

interface Before {
  readonly old: Rights
  readonly losses: readonly Loss[]
}

async function rightsBefore(host: Host, store: string, { file, found, inherited }: Secret): Promise<Before> {
  const given = toMode(file.mode)
  if (found === null) return { old: { ...WRITER, mode: given ?? SECRET_MODE }, losses: [] }
  const { uid, gid, mode } = found
  const { acl, loss } = await host.lookAtAcl(file.path)
  if (loss !== null) return { old: { uid, gid, mode: mode & OWNER_ALONE }, losses: [{ path: file.path, kind: loss }] }
  if (inherited === null || isOwnersAlone({ mode, acl, uid, gid })) return { old: { uid, gid, mode, acl }, losses: [] }
  const losses = given === undefined ? [{ path: store, kind: inherited }] : []
  return { old: { uid, gid, mode: mode & OWNER_ALONE }, losses }
}

function narrow({ rights, loss }: Folder): FolderRights {
  return loss === null ? rights : { ...rights, mode: OWNER_ALONE }
}

function trust(folder: Folder): FolderRights {
  return folder.loss === 'unknown' ? folder.rights : narrow(folder)
}

/**
 * The key moves into a folder beside the certificate. Whom its own folders kept out (as `/etc/ssl/private` does) must be kept out from now on: by the file's own
 * rights where these can say the same, otherwise by folders around it with the rights of those.
 */
function shutIn(key: Rights, folders: readonly FolderRights[]): Rights {
  let own = key
  const within: FolderRights[] = []
  for (const folder of folders) {
    const isSameOwner = folder.uid === own.uid
    const shut = ((folder.mode & 0o010) === 0 ? 0o070 : 0) | ((folder.mode & 0o001) === 0 ? 0o007 : 0)
    if (isOwnersAlone(own) && (isSameOwner || !isPerson(own.uid))) continue
    if (isSameOwner && isOwnersAlone(folder)) own = { ...own, mode: own.mode & OWNER_ALONE, acl: null }
    else if (isSameOwner && folder.gid === own.gid && !hasAcl(folder) && !hasAcl(own)) own = { ...own, mode: own.mode & ~shut }
    else within.push(folder)
  }
  return { ...own, within }
}

/** Whether whoever one folder let through, another one does. May say no where it cannot be seen. */
function letsInAllOf(folder: FolderRights, before: Rights): boolean {
  if (isPerson(before.uid) && before.uid !== folder.uid) return false
  const bits = before.mode & 0o011
  if (bits === 0 && !hasAcl(before)) return true
  return before.gid === folder.gid && (before.acl ?? null) === folder.acl && (bits & ~folder.mode) === 0
}

/** Folders of a version that could not be given all their rights: whoever deploys may not give them away. */
export async function findNarrowed(host: Host, version: string, { within = [] }: Rights): Promise<readonly Loss[]> {
  const losses: Loss[] = []
  let path = version
  for (const { name, uid, gid, mode, acl } of within) {
    path = join(path, name)
    const is = await host.stat(path)
    const isLess = is.gid !== gid || (acl === null && is.mode !== mode) || (uid !== 0 && is.uid !== uid)
    if (isLess) losses.push({ path, kind: 'keptOut' })
  }
  return losses
}

/** No right keeps root out. */
const isPerson = (uid: number | null): boolean => uid !== 0 && uid !== null
const isOwnersAlone = (rights: Omit<Rights, 'within'>): boolean => !hasAcl(rights) && (rights.mode & ~OWNER_ALONE) === 0
const hasAcl = ({ acl }: { readonly acl?: string | null }): boolean => typeof acl === 'string'

function toMode(octal: string | undefined): number | undefined {
  return octal === undefined ? undefined : Number.parseInt(octal, 8)
}
