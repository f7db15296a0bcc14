/**
 * A certificate with its key: the one to deploy, checked, and the one that is there, read as it is.
 *
 * @module
 */
import { keyMatches, loadPrivateKey, parseChain, PkiError, toPem, type CertificateFacts } from '@evercert/pki'
import { AppError } from '@evercert/contract/app-error'
import type { CertificatePair } from '@evercert/contract'
import type { CheckedPair } from './checked-pair.ts'
import { findOrNull, type FoundFile, type Host } from './host.ts'
import type { Layout } from './layout.ts'

/** What the files of a layout hold, whatever it is. */
export interface FoundPair {
  /** By the name within a version. */
  readonly files: Readonly<Record<string, FoundFile | null>>
  /** Of the leaf; null when there is no certificate that can be read. */
  readonly sha256: string | null
  readonly chainSha256: readonly string[]
  /** Both are there and belong together. */
  readonly isSound: boolean
}

/** @throws AppError `deployRefused` when it cannot be read, or does not begin with the certificate that it is said to be */
export function checkChain({ chainPem, sha256 }: Pick<CertificatePair, 'chainPem' | 'sha256'>): {
  readonly chain: readonly CertificateFacts[]
  readonly leaf: CertificateFacts
} {
  const chain = readOrRefuse(() => parseChain(chainPem))
  const [leaf] = chain
  if (leaf === undefined || leaf.sha256 !== sha256) {
    throw refusal('the first certificate is not the one to deploy: send the leaf first')
  }
  return { chain, leaf }
}

/** @throws AppError `deployRefused` when it cannot be read, does not match, or is not the certificate that it is said to be */
export function checkPair(pair: CertificatePair): CheckedPair {
  const { chain, leaf } = checkChain(pair)
  const { privateKeyPem } = pair
  if (privateKeyPem === null) throw refusal('the private key is not here: deploy where it was made')
  const key = readOrRefuse(() => loadPrivateKey(privateKeyPem))
  if (!keyMatches(leaf, key)) throw refusal('the private key does not belong to the certificate: deploy both from one issuance')
  return {
    certificatePem: chain.map(({ der }) => toPem(der, 'CERTIFICATE')).join(''),
    keyPem: key.pkcs8Pem,
    chain,
    key,
    sha256: leaf.sha256,
    chainSha256: chain.map(({ sha256 }) => sha256),
  }
}

/**
 * Follows symbolic links.
 *
 * @param notePath where a note of the current version is; null when the paths do not lead there
 * @throws AppError `deployRefused`, or the error of the file system
 */
export async function readFoundPair(
  host: Host,
  layout: Layout,
  notePath: (name: string) => Promise<string | null>,
): Promise<FoundPair> {
  const files: Record<string, FoundFile | null> = {}
  for (const { name, path } of layout.files) files[name] = await readFoundFile(host, path)
  for (const name of layout.notes) {
    const path = await notePath(name)
    files[name] = path === null ? null : await readFoundFile(host, path)
  }
  const contents = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file?.bytes ?? null]))
  const { chainSha256, isSound } = layout.read(contents)
  return { files, sha256: chainSha256[0] ?? null, chainSha256, isSound }
}

/** The same chain with its own key; how the PEM is written does not matter. */
export function isSamePair(found: FoundPair, wanted: CheckedPair): boolean {
  return found.isSound && found.chainSha256.join() === wanted.chainSha256.join()
}

/** Real files have a few KiB; a path to something else must not fill the memory. */
const MAX_FILE_BYTES = 1024 * 1024

async function readFoundFile(host: Host, path: string): Promise<FoundFile | null> {
  const stats = await findOrNull(host.stat(path))
  if (stats === null) return null
  const { isFile, sizeBytes, ...rights } = stats
  if (!isFile || sizeBytes > MAX_FILE_BYTES) {
    throw refusal(`${path} is not a file that could hold a certificate or a key: correct the path`)
  }
  return { bytes: await host.readFile(path), ...rights }
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
