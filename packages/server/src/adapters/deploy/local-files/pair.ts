/**
 * A certificate with its key: the one to deploy, checked, and the one that is there, read as it is.
 *
 * @module
 */
import { readFile, stat } from 'node:fs/promises'
import { keyMatches, loadPrivateKey, parseChain, PkiError, toPem, type CertificateFacts } from '@evercert/pki'
import { AppError } from '../../../domain/errors.ts'
import type { CertificatePair } from '../../../ports/deploy.ts'
import { findOrNull, type FoundFile } from './durable-files.ts'

/** A pair that matches, in the text that is written to disk. */
export interface CheckedPair {
  readonly certificatePem: string
  readonly keyPem: string
  /** Of the leaf, lower-case hex. */
  readonly sha256: string
  /** Of every certificate, leaf first. */
  readonly chainSha256: readonly string[]
}

/** What the two paths hold, whatever it is. */
export interface FoundPair {
  readonly certificate: FoundFile | null
  readonly key: FoundFile | null
  /** Of the leaf; null when there is no certificate that can be read. */
  readonly sha256: string | null
  readonly chainSha256: readonly string[]
  /** Both are there and belong together. */
  readonly isSound: boolean
}

/** @throws AppError `deployRefused` when it cannot be read, does not match, or is not the certificate that it is said to be */
export function checkPair(pair: CertificatePair): CheckedPair {
  const chain = readOrRefuse(() => parseChain(pair.chainPem))
  const key = readOrRefuse(() => loadPrivateKey(pair.privateKeyPem))
  const [leaf] = chain
  if (leaf === undefined || leaf.sha256 !== pair.sha256) {
    throw refusal('the first certificate is not the one to deploy: send the leaf first')
  }
  if (!keyMatches(leaf, key)) throw refusal('the private key does not belong to the certificate: deploy both from one issuance')
  return {
    certificatePem: chain.map(({ der }) => toPem(der, 'CERTIFICATE')).join(''),
    keyPem: key.pkcs8Pem,
    sha256: leaf.sha256,
    chainSha256: chain.map(({ sha256 }) => sha256),
  }
}

/** Follows symbolic links. @throws AppError `deployRefused`, or the error of the file system */
export async function readFoundPair(certificatePath: string, keyPath: string): Promise<FoundPair> {
  const certificate = await readFoundFile(certificatePath)
  const key = await readFoundFile(keyPath)
  const chain = certificate === null ? [] : readChain(certificate.bytes)
  const [leaf] = chain
  return {
    certificate,
    key,
    sha256: leaf?.sha256 ?? null,
    chainSha256: chain.map(({ sha256 }) => sha256),
    isSound: leaf !== undefined && key !== null && isKeyOf(leaf, key.bytes),
  }
}

/** Of the leaf in a file; null when there is none that can be read. @throws AppError `deployRefused`, or the error of the file system */
export async function readLeafSha256(path: string): Promise<string | null> {
  const file = await readFoundFile(path)
  return file === null ? null : (readChain(file.bytes)[0]?.sha256 ?? null)
}

/** The same chain with its own key; how the PEM is written does not matter. */
export function isSamePair(found: FoundPair, wanted: CheckedPair): boolean {
  return found.isSound && found.chainSha256.join() === wanted.chainSha256.join()
}

/** Real files have a few KiB; a path to something else must not fill the memory. */
const MAX_FILE_BYTES = 1024 * 1024

async function readFoundFile(path: string): Promise<FoundFile | null> {
  const stats = await findOrNull(stat(path))
  if (stats === null) return null
  if (!stats.isFile() || stats.size > MAX_FILE_BYTES) throw refusal(`${path} is not a file that could hold PEM: correct the path`)
  return { bytes: await readFile(path), mode: stats.mode & 0o777, uid: stats.uid, gid: stats.gid }
}

// What is there may be anything; only what can be read counts.
function readChain(bytes: Buffer): readonly CertificateFacts[] {
  try {
    return parseChain(bytes.toString('utf8'))
  } catch {
    return [] // not a chain of certificates
  }
}

function isKeyOf(leaf: CertificateFacts, bytes: Buffer): boolean {
  try {
    return keyMatches(leaf, loadPrivateKey(bytes.toString('utf8')))
  } catch {
    return false // not a private key
  }
}

function readOrRefuse<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof PkiError) throw refusal(cause.message, cause)
    throw cause
  }
}

function refusal(what: string, cause?: unknown): AppError {
  return new AppError('deployRefused', `Checking the pair before the deployment: ${what}`, { cause })
}
