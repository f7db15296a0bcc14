/**
 * The bytes of an archive: its files, a note how to install them, and a password that is made for it.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { createJks, createPkcs12, toPem, type CertificateFacts, type PrivateKey } from '@evercert/pki'
import { strToU8, zipSync, type Zippable } from 'fflate'
import type { DownloadWish } from '../domain/download/decide-download.ts'
import { archiveName, isSecret, NOTE_NAME, planFiles, type FileContent } from '../domain/download/file-names.ts'
import { writeNote } from './download-notes.ts'

export interface ArchiveContent {
  readonly baseName: string
  readonly wish: DownloadWish
  /** Leaf first. */
  readonly chain: readonly CertificateFacts[]
  readonly root: CertificateFacts | null
  /** Null for an archive without a key. */
  readonly key: PrivateKey | null
  readonly now: number
}

/** No 0 and o, no 1 and l: 32 characters, so that five random bits choose one. */
const PASSWORD_CHARACTERS = 'abcdefghijkmnpqrstuvwxyz23456789'
/** 130 bits; Windows takes passwords of up to 32 characters. */
const PASSWORD_LENGTH = 26

/** ASCII, easy to read off a screen, different each time. */
function createPassword(): string {
  return [...randomBytes(PASSWORD_LENGTH)].map((byte) => PASSWORD_CHARACTERS[byte & 31]).join('')
}

const UNIX = 3 // "version made by" of the ZIP format: attributes are file modes
const SECRET_MODE = 0o100600
const PUBLIC_MODE = 0o100644

export async function packArchive(content: ArchiveContent): Promise<File> {
  const { baseName, wish, chain, now } = content
  const password = createPassword()
  const plan = planFiles(baseName, wish, chain.length > 1)
  const contents = await Promise.all(plan.map((file) => bytesOf(file.content, content, password)))
  const note = writeNote({ wish, plan, baseName })
  const entry = (bytes: Uint8Array, secret: boolean): Zippable[string] => [
    bytes,
    { os: UNIX, attrs: (secret ? SECRET_MODE : PUBLIC_MODE) * 0x1_0000, mtime: now },
  ]
  const zip = zipSync({
    [NOTE_NAME]: entry(strToU8(note), false),
    ...Object.fromEntries(
      plan.map((file, index) => [file.name, entry(contents[index] ?? new Uint8Array(), isSecret(file.content))]),
    ),
  })
  return new File([zip], archiveName(baseName, wish.format), { type: 'application/zip' })
}

async function bytesOf(what: FileContent, content: ArchiveContent, password: string): Promise<Uint8Array> {
  const { chain, root } = content
  switch (what) {
    case 'fullChain':
      return pemOf(chain)
    case 'leaf':
      return pemOf(chain.slice(0, 1))
    case 'intermediates':
      return pemOf(chain.slice(1))
    case 'root':
      return pemOf(root === null ? [] : [root])
    case 'key':
      return strToU8(keyOf(content).pkcs8Pem)
    case 'keystore':
      return createKeystore(content, password)
    case 'password':
      return strToU8(password) // without a line end, which some readers would take as part of it
  }
}

/** Why each format has its protection: docs/decisions/0010. */
async function createKeystore(content: ArchiveContent, password: string): Promise<Uint8Array> {
  const keystore = { key: keyOf(content), chain: content.chain, alias: content.baseName, password }
  if (content.wish.format === 'jks') return createJks(keystore, content.now)
  return createPkcs12(keystore, content.wish.format === 'iis' ? 'tripleDes' : 'aes256')
}

function keyOf({ key, wish }: ArchiveContent): PrivateKey {
  if (key === null) throw new Error(`an archive for ${wish.format} with a key was asked for, and none was given`)
  return key
}

function pemOf(certificates: readonly CertificateFacts[]): Uint8Array {
  return strToU8(certificates.map(({ der }) => toPem(der, 'CERTIFICATE')).join(''))
}
