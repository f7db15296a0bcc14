/**
 * In which files a server reads its certificate: two PEM files, one PEM file with both, or a keystore.
 *
 * @module
 */
import { createSecureContext } from 'node:tls'
import { createPkcs12, keyMatches, loadPrivateKey, parseChain, parsePem, toPem, type CertificateFacts } from '@evercert/pki'
import type { CheckedPair } from './checked-pair.ts'

export interface LayoutFile {
  /** Within a version. */
  readonly name: string
  /** Where the server reads it. */
  readonly path: string
  readonly isSecret: boolean
  /** Octal; default: that of the file that is there. */
  readonly mode?: string | undefined
}

type Contents = Readonly<Record<string, Uint8Array | null>>

export interface Found {
  /** Of every certificate, leaf first; empty when none can be read. */
  readonly chainSha256: readonly string[]
  /** Certificate and key are there and belong together. */
  readonly isSound: boolean
}

export interface Layout {
  /** What the server reads; the folder of the versions is beside the first. */
  readonly files: readonly [LayoutFile, ...LayoutFile[]]
  /** Files of a version that no server reads, for `read`. */
  readonly notes: readonly string[]
  /** The bytes of each file and note. */
  render(pair: CheckedPair): Promise<Readonly<Record<string, Uint8Array>>>
  /** What is there may be anything; only what can be read counts. */
  read(contents: Contents): Found
}

const CERTIFICATE = 'certificate.pem'
const KEY = 'key.pem'
const COMBINED = 'combined.pem'
const KEYSTORE = 'keystore.p12'

export interface TwoFiles {
  readonly certificatePath: string
  readonly keyPath: string
  readonly certificateMode?: string | undefined
  readonly keyMode?: string | undefined
}

/** The chain in one file, its key in another. */
export function twoFiles({ certificatePath, keyPath, certificateMode, keyMode }: TwoFiles): Layout {
  return {
    files: [
      { name: CERTIFICATE, path: certificatePath, isSecret: false, mode: certificateMode },
      { name: KEY, path: keyPath, isSecret: true, mode: keyMode },
    ],
    notes: [],
    render: (pair) => Promise.resolve({ [CERTIFICATE]: Buffer.from(pair.certificatePem), [KEY]: Buffer.from(pair.keyPem) }),
    read: (contents) => foundPem(contents[CERTIFICATE], contents[KEY]),
  }
}

/** Chain and key in one file. */
export function oneFile(path: string, mode?: string): Layout {
  return {
    files: [{ name: COMBINED, path, isSecret: true, mode }],
    notes: [],
    render: (pair) => Promise.resolve({ [COMBINED]: Buffer.from(pair.certificatePem + pair.keyPem) }),
    read: (contents) => foundPem(contents[COMBINED], contents[COMBINED]),
  }
}

export interface KeystoreFile {
  readonly path: string
  readonly password: string
  readonly alias: string
  readonly mode?: string | undefined
}

/** A PKCS#12 keystore. Its chain stands beside it as a note, since only our own keystores are read. */
export function keystoreFile({ path, password, alias, mode }: KeystoreFile): Layout {
  return {
    files: [{ name: KEYSTORE, path, isSecret: true, mode }],
    notes: [CERTIFICATE],
    render: async (pair) => ({
      [KEYSTORE]: await createPkcs12({ key: pair.key, chain: pair.chain, alias, password }, 'aes256'),
      [CERTIFICATE]: Buffer.from(pair.certificatePem),
    }),
    read: (contents) => {
      const keystore = contents[KEYSTORE] ?? null
      const chain = readChain(contents[CERTIFICATE] ?? null)
      return { chainSha256: chain.map(({ sha256 }) => sha256), isSound: keystore !== null && opens(keystore, password) }
    },
  }
}

function opens(keystore: Uint8Array, passphrase: string): boolean {
  try {
    createSecureContext({ pfx: Buffer.from(keystore), passphrase })
    return true
  } catch {
    return false // another password, or no keystore
  }
}

function foundPem(certificate: Uint8Array | null = null, key: Uint8Array | null = null): Found {
  const chain = readChain(certificate)
  const [leaf] = chain
  return {
    chainSha256: chain.map(({ sha256 }) => sha256),
    isSound: leaf !== undefined && key !== null && isKeyOf(leaf, key),
  }
}

function readChain(bytes: Uint8Array | null): readonly CertificateFacts[] {
  if (bytes === null) return []
  try {
    const blocks = parsePem(Buffer.from(bytes).toString('utf8')).filter(({ label }) => label.endsWith('CERTIFICATE'))
    return parseChain(blocks.map(({ der, label }) => toPem(der, label)).join(''))
  } catch {
    return [] // not a chain of certificates
  }
}

function isKeyOf(leaf: CertificateFacts, bytes: Uint8Array): boolean {
  try {
    return keyMatches(leaf, loadPrivateKey(Buffer.from(bytes).toString('utf8')))
  } catch {
    return false // not a private key
  }
}
